//! Messages for tests.

use super::{Kind, Name};

/// A message that is being written.
pub(crate) struct Sample {
    flags: u16,
    question: Vec<u8>,
    answers: (u16, Vec<u8>),
    options: Vec<u8>,
}

/// A name that is known to be one.
pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap_or_else(|| panic!("{text} is a name"))
}

fn wire_name(text: &str) -> Vec<u8> {
    let labels = text.split('.').flat_map(|label| {
        let length = u8::try_from(label.len()).expect("a label");
        std::iter::once(length).chain(label.bytes())
    });
    labels.chain([0]).collect()
}

impl Sample {
    pub(crate) fn asking(owner: &str, kind: Kind) -> Sample {
        let question =
            [wire_name(owner), kind.number().to_be_bytes().to_vec(), vec![0, 1]].concat();
        Sample { flags: 0x8180, question, answers: (0, Vec::new()), options: Vec::new() }
    }

    pub(crate) fn flags(self, flags: u16) -> Sample {
        Sample { flags, ..self }
    }

    pub(crate) fn record(mut self, owner: &str, kind: Kind, data: &[u8]) -> Sample {
        let length = u16::try_from(data.len()).expect("a record");
        self.answers.0 += 1;
        self.answers.1.extend(wire_name(owner));
        self.answers.1.extend(kind.number().to_be_bytes());
        self.answers.1.extend([0, 1, 0, 0, 0, 60]);
        self.answers.1.extend(length.to_be_bytes());
        self.answers.1.extend(data);
        self
    }

    pub(crate) fn alias(self, owner: &str, target: &str) -> Sample {
        self.record(owner, Kind::Cname, &wire_name(target))
    }

    pub(crate) fn error(mut self, number: u16, words: &str) -> Sample {
        let length = u16::try_from(words.len() + 2).expect("few words");
        self.options.extend([0, 15]);
        self.options.extend(length.to_be_bytes());
        self.options.extend(number.to_be_bytes());
        self.options.extend(words.bytes());
        self
    }

    pub(crate) fn wire(&self) -> Vec<u8> {
        let length = u16::try_from(self.options.len()).expect("few options");
        let additional = if self.options.is_empty() { 0_u16 } else { 1 };
        let mut wire = vec![0x12, 0x34];
        wire.extend(self.flags.to_be_bytes());
        wire.extend([0, 1]);
        wire.extend(self.answers.0.to_be_bytes());
        wire.extend([0, 0]);
        wire.extend(additional.to_be_bytes());
        wire.extend(&self.question);
        wire.extend(&self.answers.1);
        if additional == 1 {
            wire.extend([0, 0, 41, 0x10, 0, 0, 0, 0, 0]);
            wire.extend(length.to_be_bytes());
            wire.extend(&self.options);
        }
        wire
    }
}
