/* From a URL scheme to a protocol and its port. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    int protocol = 0;

    if (stv_protocol_from_scheme("imap", 4, &protocol) != STV_OK)
        return 1;
    printf("%s: port %d\n", stv_protocol_name(protocol), stv_protocol_port(protocol));
    return stv_protocol_port(protocol) != 143;
}
