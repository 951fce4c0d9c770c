/* A chain that is broken leaves the handle as it was. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_chain *chain = NULL;
    stv_status status = stv_chain_new(&chain);

    if (status == STV_OK)
        status = stv_chain_add_pem(chain, "no certificate", 14);
    printf("%s: %s\n", stv_status_name(status), stv_chain_error(chain));
    printf("%lu certificates\n", (unsigned long)stv_chain_count(chain));
    stv_chain_free(chain);
    return status != STV_E_CERTIFICATE;
}
