<?php
// A good client of the VatPortal for PHP 8 with its curl module, no packages.
//
// CURLOPT_CUSTOMREQUEST keeps GET a GET; with CURLOPT_POSTFIELDS alone it would become a POST (F-ENV-04).
// Run by `vatportal-mock check-client -- php php_curl.php`; README.md says what it is given, and gives back.

declare(strict_types=1);

const RETRY = [10, 11, 12, 16]; // internal errors: later, with growing pauses (F-ERR-03)
const TRIES = 5;
const JSON = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR;

class Refused extends Exception
{
    /** ERP ids of the invoices that are to blame. */
    public array $blamed = [];

    /** @param bool $again whether an earlier try may have been carried out; $process that failed */
    public function __construct(
        public readonly ?int $err,
        string $text = '',
        public readonly mixed $data = null,
        public readonly bool $again = false,
        public readonly ?int $process = null,
    ) {
        parent::__construct($text !== '' ? $text : "err_code $err");
    }
}

class Portal
{
    private readonly string $base;
    private ?string $token;
    private readonly CurlHandle $curl;
    private readonly int $patience;

    public function __construct()
    {
        $this->base = (string) getenv('VATPORTAL_BASE_URL');
        $this->token = getenv('VATPORTAL_TOKEN') ?: null;
        $this->patience = (int) (getenv('VATPORTAL_PATIENCE') ?: 900); // seconds; most processes take 3 to 5 minutes
        $this->curl = curl_init();
    }

    /** One request, as often as it makes sense: `data` of its answer. */
    public function call(string $method, string $path, array $body): mixed
    {
        $renewed = $again = false;
        for ($attempt = 1; ; $attempt++) {
            $answer = $this->once($method, $path, $body);
            $code = $answer['err_code'] ?? null;
            if ($code === 0) {
                return $answer['data'];
            }
            if ($code === 5 && $this->token !== null && getenv('VATPORTAL_SECRET') && !$renewed) {
                $this->renew(); // it may have expired; once, for a second refusal means that we are not welcome
                $renewed = true;
                continue;
            }
            if ($code !== null && !in_array($code, RETRY, true)) {
                throw new Refused($code, $answer['err_msg'] ?? '', $answer['data'] ?? null, $again);
            }
            if ($attempt === TRIES) {
                throw new Refused($code, $answer['err_msg'] ?? 'the portal does not answer');
            }
            $again = $again || $code === null;
            usleep(1_000_000 * 2 ** ($attempt - 1));
        }
    }

    /** The envelope of the answer; null where none came: no connection, a page of a gateway, half an answer. */
    private function once(string $method, string $path, array $body): ?array
    {
        $headers = ['Content-Type: application/json'];
        if ($this->token !== null) {
            $headers[] = "x-vatpapikey: {$this->token}";
        } else {
            $body = ['username' => getenv('VATPORTAL_USERNAME'), 'password' => getenv('VATPORTAL_PASSWORD')] + $body;
        }
        $answer = $this->sent($method, $path, json_encode($body, JSON), $headers);
        return is_int($answer['err_code'] ?? null) ? $answer : null; // err_code decides, not the HTTP status (R-01)
    }

    private function sent(string $method, string $path, ?string $body, array $headers): mixed
    {
        curl_reset($this->curl);
        curl_setopt_array($this->curl, [
            CURLOPT_URL => $this->base . $path,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => [...$headers, 'Expect:'],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT => 10,
            CURLOPT_TIMEOUT => 120,
        ]);
        if ($body !== null) {
            curl_setopt($this->curl, CURLOPT_POSTFIELDS, $body);
        }
        $text = curl_exec($this->curl);
        return $text === false ? null : json_decode($text, true);
    }

    /** A new token by HMAC (F-AUTH-03 to F-AUTH-05). */
    private function renew(): void
    {
        $login = (string) getenv('VATPORTAL_USERNAME');
        $challenge = $this->sent('GET', '/auth/reset_start.php?login=' . rawurlencode($login), null, []);
        $key = hash_hmac('sha256', $challenge['plain_value'] ?? '', (string) getenv('VATPORTAL_SECRET'));
        $body = json_encode(['login' => $login, 'key' => $key], JSON);
        $answer = $this->sent('POST', '/auth/reset_confirm.php', $body, ['Content-Type: application/json']);
        if (!isset($answer['token'])) {
            throw new Refused($answer['err_code'] ?? null, $answer['err_msg'] ?? 'the token cannot be renewed');
        }
        $this->token = $answer['token'];
    }

    /** Poll until the process ends: every 2 s, then 5 s, then 10 s (F-PROC-08). All but 2 and 3 mean: it runs. */
    private function follow(int $process): void
    {
        $began = hrtime(true);
        for ($shown = ''; ;) {
            $data = $this->call('GET', '/job/read_proc_status', ['procId' => $process]);
            $stats = $data['stats'] ?? [];
            $code = $stats['pin2_code'] ?? $stats['pin1_code'] ?? '';
            if ($code !== $shown) {
                echo 'Confirm on the phone: ', $shown = $code, "\n";
            }
            if ($data['status'] === 2) {
                return;
            }
            if ($data['status'] === 3) {
                $text = implode('; ', $stats['etx_exception'] ?? []) ?: 'the process failed';
                throw new Refused(null, $text, process: $process);
            }
            $passed = (hrtime(true) - $began) / 1e9;
            if ($passed > $this->patience) {
                throw new Refused(null, "process $process is not over after {$this->patience} s");
            }
            sleep($passed < 60 ? 2 : ($passed < 120 ? 5 : 10));
        }
    }

    /**
     * Upload invoices; their qaimes by ERP id, into $qaimes. Of a process that failed some may be signed all the same:
     * both are reported.
     */
    public function upload(array $invoices, ?array &$qaimes): void
    {
        $ids = array_column($invoices, 'id');
        try {
            $body = ['invoices' => $invoices, 'upload' => true];
            $this->follow($this->call('POST', '/inv/import_upload_invoices.php', $body)['id']);
            $qaimes = $this->qaimes($ids);
        } catch (Refused $refused) {
            if ($refused->process !== null) {
                $qaimes = $this->qaimes($ids) ?: null;
                $rows = $this->call('GET', '/job/read_proc_data', ['procId' => $refused->process])['invoices'] ?? [];
                $refused->blamed = array_column(array_filter($rows, fn ($row) => !empty($row['errors'])), 'id');
            }
            if ($refused->err === 14) {
                $refused->blamed = array_values(array_intersect_key($ids, array_filter($refused->data['invoices'])));
            }
            if ($refused->err !== 17 || !$refused->again) {
                throw $refused;
            }
            // An answer was lost and the invoices are there: they are ours, only the process is not known.
            $qaimes = $this->awaited($ids);
        }
    }

    private function awaited(array $ids): array
    {
        for ($began = hrtime(true); ; sleep(5)) {
            $found = $this->qaimes($ids);
            if (count($found) === count($ids)) {
                return $found;
            }
            if ((hrtime(true) - $began) / 1e9 > $this->patience) {
                throw new Refused(null, 'the invoices have no qaime yet');
            }
        }
    }

    private function qaimes(array $ids): array
    {
        $found = $this->call('GET', '/inv/read_invoices', ['ids' => $ids])['invoices'];
        return array_filter(array_column($found, 'qaime', 'id'));
    }

    /** Download from e-taxes, and read page by page until a page is empty (F-RD-02); a qaime counts once. */
    public function download(array $wanted): array
    {
        $phone = getenv('VATPORTAL_PHONE');
        $process = $this->call('POST', '/etx/import', ['phone' => $phone] + $wanted)['id'];
        $this->follow($process);
        $found = [];
        for ($from = 1; ; $from++) {
            $page = ['phone' => $phone, 'procId' => $process, 'from' => $from];
            $invoices = $this->call('GET', '/etx/read_invoices', $page)['invoices'];
            if ($invoices === []) {
                return array_values($found);
            }
            $found = $found + array_column($invoices, 'qaime', 'qaime');
        }
    }

    /**
     * Each folder with a request of its own (F-DEL-02), and of each all or nothing (F-DEL-03). What is gone comes into $deleted,
     * and stays there if the rest is refused.
     */
    public function delete(array $invoices, ?array &$deleted): void
    {
        foreach ([false, true] as $signed) {
            $named = array_filter($invoices, fn ($invoice) => $invoice['is_signed'] === $signed);
            $serials = array_column($named, 'serialNumber');
            if ($serials !== []) {
                $body = ['serialNumbers' => $serials, 'is_signed' => $signed];
                $this->follow($this->call('DELETE', '/etx/delete', $body)['id']);
                $deleted = [...$deleted ?? [], ...$serials];
            }
        }
    }
}

$input = json_decode(file_get_contents((string) getenv('VATPORTAL_INPUT')), true, flags: JSON_THROW_ON_ERROR);
$outcome = ['errors' => []];
try {
    $portal = new Portal();
    if (isset($input['invoices'])) {
        $portal->upload($input['invoices'], $outcome['qaimes']);
    }
    if (isset($input['download'])) {
        $outcome['invoices'] = $portal->download($input['download']);
    }
    if (isset($input['delete'])) {
        $portal->delete($input['delete'], $outcome['deleted']);
    }
} catch (Refused $refused) {
    $told = ['text' => $refused->getMessage(), 'invoices' => $refused->blamed];
    $outcome['errors'][] = $refused->err === null ? $told : ['code' => $refused->err] + $told;
}
$outcome['status'] = $outcome['errors'] === [] ? 'succeeded' : 'failed';
if (isset($outcome['qaimes'])) {
    $outcome['qaimes'] = (object) $outcome['qaimes']; // an object in JSON, without any number too
}
if (getenv('VATPORTAL_OUTPUT')) {
    file_put_contents(getenv('VATPORTAL_OUTPUT'), json_encode(array_filter($outcome, fn ($part) => $part !== null), JSON));
}
exit($outcome['errors'] === [] ? 0 : 1);
