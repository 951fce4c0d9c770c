//! A policy host on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream};
use stv_lab::chains::Chain;

/// What is said once the request has come.
pub type Answer = Box<dyn Fn(&mut SslStream<TcpStream>) + Send>;

/// Answers every request that comes over TLS with this chain; its address.
pub fn serve(chain: &Chain, answer: Answer) -> String {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(mut stream) = Ssl::new(&context).unwrap().accept(stream) {
                let mut request = Vec::new();
                let mut piece = [0; 1024];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(length) if length > 0 => request.extend(&piece[..length]),
                        _ => return,
                    }
                }
                assert!(request.starts_with(
                    b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.bob.test\r\n"
                ));
                answer(&mut stream);
                let _ = stream.shutdown();
            }
        }
    });
    address
}

/// This, to the letter.
pub fn said(text: String) -> Answer {
    Box::new(move |stream| {
        let _ = stream.write_all(text.as_bytes());
    })
}

/// A page with its length.
pub fn page(status: &str, media_type: &str, body: &str) -> Answer {
    let length = body.len();
    said(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}
