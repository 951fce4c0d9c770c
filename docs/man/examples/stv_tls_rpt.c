/* The report of a day on which no session failed, and none was held. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_tls_rpt *rpt = NULL;
    stv_status status = stv_tls_rpt_new(&rpt);

    if (status == STV_OK)
        status = stv_tls_rpt_begin(rpt, "bob.test", 8, "2026-11-27/1", 12);
    if (status == STV_OK)
        status = stv_tls_rpt_set_organization(rpt, "Alice", 5);
    if (status == STV_OK)
        status = stv_tls_rpt_set_contact(rpt, "tls@alice.test", 14);
    if (status == STV_OK)
        status = stv_tls_rpt_set_range(rpt, 1795737600, 1795823999);
    if (status == STV_OK)
        status = stv_tls_rpt_write(rpt);
    printf("%s\n%s%s\n", stv_tls_rpt_file_name(rpt), stv_tls_rpt_json(rpt), stv_tls_rpt_error(rpt));
    stv_tls_rpt_free(rpt);
    return status != STV_OK;
}
