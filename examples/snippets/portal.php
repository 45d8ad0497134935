<?php
// VatPortal from PHP 8 with the curl module: php portal.php
const INVOICE = [
    'main_info' => 'Müqavilə A-17', 'seller' => '1234567890', 'buyer' => '0987654321',
    'sum_subtotal1' => 10, 'sum_subtotal2' => 10, 'sum_total' => 10,
    'items' => [[
        'id' => '1234567890', 'name' => 'Çay', 'unit' => 'ədəd', 'unit_price' => 1, 'quantity' => 10,
        'barcode' => '1234567890000', 'subtotal1' => 10, 'subtotal2' => 10, 'total' => 10,
    ]],
];

function call(string $method, string $path, array $body): array
{
    $curl = curl_init((getenv('VATPORTAL_URL') ?: 'http://127.0.0.1:8080/api') . $path);
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method, // with POSTFIELDS alone, a GET would become a POST
        CURLOPT_POSTFIELDS => json_encode($body, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR),
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'x-vatpapikey: ' . (getenv('VATPORTAL_TOKEN') ?: 'demo-token')],
        CURLOPT_RETURNTRANSFER => true,
    ]);
    $text = curl_exec($curl);
    if ($text === false) {
        throw new RuntimeException(curl_error($curl));
    }
    $answer = json_decode($text, true, flags: JSON_THROW_ON_ERROR);
    if ($answer['err_code'] !== 0) {
        throw new RuntimeException($text);
    }
    return $answer['data'];
}

$id = 'PHP-' . hrtime(true);
$process = call('POST', '/inv/import_upload_invoices.php', ['upload' => true, 'invoices' => [['id' => $id] + INVOICE]])['id'];
for ($tries = 0; $tries < 100; $tries++) { // against the real portal: every 5 to 10 s, for 10 minutes
    $state = call('GET', '/job/read_proc_status', ['procId' => $process]);
    if (in_array($state['status'], [2, 3], true)) {
        break;
    }
    sleep(1);
}
if ($state['status'] !== 2) {
    throw new RuntimeException(json_encode($state, JSON_UNESCAPED_UNICODE));
}
echo 'qaime: ', call('GET', '/inv/read_invoices', ['ids' => [$id]])['invoices'][0]['qaime'], "\n";
