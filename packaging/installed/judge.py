"""Is the chain in a file one of mail.bob.test's?"""

import sys
from pathlib import Path

from starttls_verify import Peer, RejectedError, Verifier, verify_chain

try:
    pem = Path(sys.argv[1]).read_bytes()
    print(verify_chain(Verifier(cafile="ca.pem"), Peer("mail.bob.test", protocol="tls"), pem).summary)
except RejectedError as error:
    sys.exit(print(error.report.summary) or 1)
