--TEST--
Every peer of the lab that comes to the go-ahead gets its verdict
--INI--
starttls_verify.ports=1-65535
--FILE--
<?php
require __DIR__ . '/lab.inc';
$text = (string) file_get_contents(Lab::directory() . '/scenarios.json');
$without_tls = ['stripped', 'refused', 'refused-454', 'wrong-go-ahead', 'greeting-554', 'greeting-421', 'tls-first',
    'endless-greeting', 'endless-reply', 'slow-greeting', 'closed'];
$count = 0;
foreach (json_decode($text, true) as ['id' => $id, 'code' => $code, 'expect' => $expect]) {
    if (in_array($id, $without_tls, true)) {
        continue;
    }
    $stream = upgraded(connected($id));
    $begun = microtime(true);
    $done = @secure($stream);
    $report = starttls_verify_last_report($stream);
    if ($done !== ($expect === 'trusted') || $report['code'] !== $code || microtime(true) - $begun > 4) {
        echo $id, ': ', var_export($done, true), ' ', $report['summary'], "\n";
    }
    if ($done !== true && (@fwrite($stream, "AUTH PLAIN secret\r\n") !== false || Lab::heard($id) !== '')) {
        echo $id, ": said in clear\n";
    }
    fclose($stream);
    $count++;
}
var_dump($count > 60);
?>
--EXPECT--
bool(true)
