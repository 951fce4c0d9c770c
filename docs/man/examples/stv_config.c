/* A misspelt option is an error that names the right one. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_config *config = NULL;
    stv_status status = stv_config_new(&config);

    if (status == STV_OK)
        status = stv_config_set_bool(config, "verify_pear", 11, 1);
    printf("%s: %s\n", stv_status_name(status), stv_config_error(config));
    if (status == STV_E_OPTION_UNKNOWN)
        status = stv_config_set_int(config, "verify_depth", 12, 3);
    stv_config_free(config);
    return status != STV_OK;
}
