/* Does the certificate in leaf.der name mail.bob.test? */
#include <starttls_verify.h>

#include <stdio.h>

static char der[65536];

int main(void)
{
    FILE *file = fopen("leaf.der", "rb");
    size_t length = file ? fread(der, 1, sizeof der, file) : 0;
    int match = 0;
    stv_status status = stv_cert_names_host(der, length, "dns:mail.bob.test", 17, &match);

    if (file)
        fclose(file);
    printf("%s: %s\n", stv_status_name(status), match ? "yes" : "no");
    return !match;
}
