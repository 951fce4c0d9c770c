<?php

declare(strict_types=1);

namespace StarttlsVerify\Tests;

/** The running lab (`stv-lab serve`), started once. Its binary is named by STV_LAB. */
final class Lab
{
    /** @var array<string, self> by protocol */
    private static array $running = [];

    /** @var array<string, array{id: string, host: string, port: int, expect: string, exit: int, code: string|null, deadline_ms: int}> */
    private array $scenarios = [];

    /**
     * @param resource $process
     * @param resource $rope    its standard input: the lab ends when this does
     */
    private function __construct(private $process, private $rope, public readonly string $directory)
    {
        $text = (string) file_get_contents("{$directory}/scenarios.json");
        $list = json_decode($text, true, 16, JSON_THROW_ON_ERROR);
        foreach ($list['scenarios'] ?? $list as $scenario) {
            $this->scenarios[$scenario['id']] = $scenario;
        }
    }

    public static function running(string $protocol = 'smtp'): self
    {
        return self::$running[$protocol] ??= self::start($protocol);
    }

    private static function start(string $protocol): self
    {
        $binary = getenv('STV_LAB');
        if (!is_string($binary) || !is_executable($binary)) {
            throw new \RuntimeException('set STV_LAB to the path of the stv-lab binary (cargo build -p stv-lab)');
        }
        $directory = sys_get_temp_dir() . "/stv-php-lab-{$protocol}-" . getmypid();
        // The lab's stderr is ours.
        $process = proc_open([$binary, 'serve', '--protocol', $protocol, '--dir', $directory], [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes);
        if ($process === false || fgets($pipes[1]) !== "ready\n") {
            throw new \RuntimeException('the lab does not start');
        }
        $lab = new self($process, $pipes[0], $directory);
        $owner = getmypid();
        register_shutdown_function(static function () use ($lab, $owner): void {
            // A forked child must not end it.
            if (getmypid() === $owner) {
                $lab->stop();
            }
        });
        return $lab;
    }

    private function stop(): void
    {
        fclose($this->rope);
        proc_close($this->process);
        $files = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($this->directory, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::CHILD_FIRST,
        );
        foreach ($files as $file) {
            $file->isDir() ? rmdir($file->getPathname()) : unlink($file->getPathname());
        }
        rmdir($this->directory);
    }

    public function ca(): string
    {
        return "{$this->directory}/ca.pem";
    }

    /** The chain that a scenario's server shows, PEM. */
    public function chain(string $id): string
    {
        return (string) file_get_contents("{$this->directory}/{$id}/chain.pem");
    }

    /** The OCSP response that a scenario's server staples, DER; empty where it staples none. */
    public function staple(string $id): string
    {
        $file = "{$this->directory}/{$id}/ocsp.der";
        return is_file($file) ? (string) file_get_contents($file) : '';
    }

    /** @return array{id: string, host: string, port: int, expect: string, exit: int, code: string|null, deadline_ms: int} */
    public function scenario(string $id): array
    {
        return $this->scenarios[$id];
    }

    /** @return array<string, array{id: string, host: string, port: int, expect: string, exit: int, code: string|null, deadline_ms: int}> */
    public function scenarios(): array
    {
        return $this->scenarios;
    }

    /** Every line that a scenario's server heard before TLS. */
    public function cleartext(string $id): string
    {
        return (string) file_get_contents("{$this->directory}/{$id}/cleartext.log");
    }

    /** The passwords that it was given, in clear or inside TLS. */
    public function notes(string $id): string
    {
        return (string) file_get_contents("{$this->directory}/{$id}/notes.log");
    }

    /** HOST:PORT of a scenario's server. */
    public function address(string $id): string
    {
        return '127.0.0.1:' . $this->scenarios[$id]['port'];
    }
}
