<?php

declare(strict_types=1);

/*
 * Logs in at a server with one of Debian's PHP programs, as its manual says for a careful user, and says how
 * that went. Nothing of the programs is changed.
 *
 *   client.php ROUNDCUBE PROGRAM HOST PORT CAFILE SECONDS
 *
 * ROUNDCUBE is where Roundcube lies, the others are installed (tests/php/programs.sh). The server is on
 * 127.0.0.1; HOST is whom the user means.
 */

const USER = 'alice';
const PASSWORD = 'open-sesame';

[, $roundcube, $program, $host, $port, $ca, $seconds] = $argv;
$port = (int) $port;
$seconds = (int) $seconds;
$ssl = ['cafile' => $ca, 'peer_name' => $host, 'verify_peer' => true, 'verify_peer_name' => true];
ini_set('default_socket_timeout', (string) $seconds);
// Old programs, new PHP: their deprecations are not what is tested.
error_reporting(E_ALL & ~E_DEPRECATED & ~E_USER_DEPRECATED & ~E_STRICT);
spl_autoload_register(static function (string $class): void {
    $php = '/usr/share/php/' . str_replace(['\\', '_'], '/', $class) . '.php';
    if (is_file($php)) {
        require_once $php;
    }
});

$clients = [
    'bare' => static function () use ($port, $ssl, $seconds): string {
        $stream = stream_socket_client("tcp://127.0.0.1:{$port}", $number, $words, $seconds, STREAM_CLIENT_CONNECT, stream_context_create(['ssl' => $ssl]));
        stream_set_timeout($stream, $seconds);
        $reply = static function () use ($stream): string {
            do {
                $line = (string) fgets($stream, 4096);
            } while (($line[3] ?? '') === '-');
            return $line;
        };
        $reply();
        fwrite($stream, "EHLO localhost\r\n");
        $reply();
        fwrite($stream, "STARTTLS\r\n");
        $go_ahead = $reply();
        if (!str_starts_with($go_ahead, '220')) {
            return "no go-ahead: {$go_ahead}";
        }
        if (stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT) !== true) {
            return 'no TLS';
        }
        fwrite($stream, "EHLO localhost\r\n");
        $reply();
        fwrite($stream, 'AUTH PLAIN ' . base64_encode("\0" . USER . "\0" . PASSWORD) . "\r\n");
        return $reply();
    },
    'PHPMailer' => static function () use ($port, $ssl, $seconds): string {
        foreach (['Exception', 'PHPMailer', 'SMTP'] as $class) {
            require_once "libphp-phpmailer/src/{$class}.php";
        }
        $mail = new PHPMailer\PHPMailer\PHPMailer(true);
        $mail->isSMTP();
        [$mail->Host, $mail->Port, $mail->Timeout] = ['127.0.0.1', $port, $seconds];
        [$mail->SMTPSecure, $mail->SMTPAuth, $mail->AuthType] = ['tls', true, 'PLAIN'];
        [$mail->Username, $mail->Password, $mail->SMTPOptions] = [USER, PASSWORD, ['ssl' => $ssl]];
        $mail->getSMTPInstance()->Timelimit = $seconds;
        $mail->smtpConnect($mail->SMTPOptions);
        return 'connected';
    },
    'Symfony Mailer' => static function () use ($port, $ssl, $seconds): string {
        $transport = new Symfony\Component\Mailer\Transport\Smtp\EsmtpTransport('127.0.0.1', $port, false);
        $transport->setUsername(USER)->setPassword(PASSWORD);
        $transport->getStream()->setStreamOptions(['ssl' => $ssl])->setTimeout($seconds);
        $envelope = new Symfony\Component\Mailer\Envelope(new Symfony\Component\Mime\Address('alice@alice.test'), [new Symfony\Component\Mime\Address('bob@bob.test')]);
        $transport->send(new Symfony\Component\Mime\RawMessage("Subject: hello\r\n\r\nhello\r\n"), $envelope);
        return 'sent';
    },
    'Net_SMTP' => static function () use ($port, $ssl, $seconds): string {
        require_once 'Net/SMTP.php';
        $smtp = new Net_SMTP('127.0.0.1', $port, 'localhost', false, $seconds, ['ssl' => $ssl]);
        foreach ([$smtp->connect($seconds), $smtp->auth(USER, PASSWORD, 'PLAIN', true)] as $done) {
            if (PEAR::isError($done)) {
                return $done->getMessage();
            }
        }
        return 'connected';
    },
    'Net_Sieve' => static function () use ($port, $ssl): string {
        require_once 'Net/Sieve.php';
        $sieve = new Net_Sieve(USER, PASSWORD, '127.0.0.1', $port, 'PLAIN', '', false, false, true, ['ssl' => $ssl]);
        return $sieve->getError() ? $sieve->getError()->getMessage() : 'connected';
    },
    'Horde SMTP' => static function () use ($port, $ssl, $seconds): string {
        $smtp = new Horde_Smtp(['host' => '127.0.0.1', 'port' => $port, 'username' => USER, 'password' => PASSWORD,
            'secure' => 'tls', 'timeout' => $seconds, 'context' => ['ssl' => $ssl], 'localhost' => 'localhost']);
        $smtp->login();
        return 'connected';
    },
    'Horde IMAP' => static function () use ($port, $ssl, $seconds): string {
        $imap = new Horde_Imap_Client_Socket(['hostspec' => '127.0.0.1', 'port' => $port, 'username' => USER,
            'password' => PASSWORD, 'secure' => 'tls', 'timeout' => $seconds, 'context' => ['ssl' => $ssl]]);
        $imap->login();
        return 'connected';
    },
    'Horde POP3' => static function () use ($port, $ssl, $seconds): string {
        $pop3 = new Horde_Imap_Client_Socket_Pop3(['hostspec' => '127.0.0.1', 'port' => $port, 'username' => USER,
            'password' => PASSWORD, 'secure' => 'tls', 'timeout' => $seconds, 'context' => ['ssl' => $ssl]]);
        $pop3->login();
        return 'connected';
    },
    'Roundcube IMAP' => static function () use ($roundcube, $port, $ssl, $seconds): string {
        roundcube($roundcube, []);
        $imap = new rcube_imap_generic();
        $done = $imap->connect('127.0.0.1', USER, PASSWORD, ['port' => $port, 'ssl_mode' => 'tls', 'timeout' => $seconds,
            'auth_type' => 'LOGIN', 'socket_options' => ['ssl' => $ssl]]);
        return $done ? 'connected' : (string) $imap->error;
    },
    'Roundcube SMTP' => static function () use ($roundcube, $port, $ssl, $seconds): string {
        roundcube($roundcube, ['smtp_host' => "tls://127.0.0.1:{$port}", 'smtp_user' => USER, 'smtp_pass' => PASSWORD,
            'smtp_auth_type' => 'PLAIN', 'smtp_conn_options' => ['ssl' => $ssl], 'smtp_timeout' => $seconds, 'smtp_helo_host' => 'localhost']);
        $smtp = new rcube_smtp();
        return $smtp->connect() ? 'connected' : implode(' ', (array) $smtp->get_response());
    },
];

/** @param array<string, mixed> $settings */
function roundcube(string $roundcube, array $settings): void
{
    define('RCUBE_LIB_DIR', "{$roundcube}/program/lib/Roundcube/");
    define('RCUBE_INSTALL_PATH', "{$roundcube}/");
    define('INSTALL_PATH', RCUBE_INSTALL_PATH);
    $directory = sys_get_temp_dir() . '/stv-roundcube-' . getmypid();
    mkdir($directory);
    $settings += ['log_driver' => 'stdout', 'language' => 'en_US', 'drafts_mbox' => '', 'sent_mbox' => '', 'junk_mbox' => '', 'trash_mbox' => '', 'log_dir' => $directory, 'temp_dir' => $directory];
    file_put_contents("{$directory}/config.inc.php", '<?php $config = ' . var_export($settings, true) . ';');
    define('RCUBE_CONFIG_DIR', "{$directory}/");
    register_shutdown_function(static fn () => array_map('unlink', (array) glob("{$directory}/*")) && rmdir($directory));
    require_once RCUBE_LIB_DIR . 'bootstrap.php';
    rcube::get_instance();
}

$begun = microtime(true);
try {
    $words = $clients[$program]();
} catch (Throwable $error) {
    $words = $error->getMessage();
}
printf("%s (%.1f s)\n", substr(trim((string) preg_replace('/\s+/', ' ', $words)), 0, 300), microtime(true) - $begun);
