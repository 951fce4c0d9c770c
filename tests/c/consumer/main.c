/* The smallest program that needs header, library and agreement between the two. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_status status = stv_config_new(&config);

    if (status == STV_OK)
        status = stv_verifier_new(config, &verifier);
    printf("C: %s, ABI level %u: %s\n", stv_version(), (unsigned)stv_abi_level(),
           stv_status_name(status));
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_OK || stv_abi_level() < STV_ABI_LEVEL;
}
