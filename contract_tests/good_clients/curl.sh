#!/usr/bin/env bash
# A good client of the VatPortal with nothing but bash, curl, grep, sed, awk and openssl.
#
# `curl -X GET -d` sends a body with GET (F-ENV-04). Amounts go out as they came in: invoices are never taken for numbers, but
# passed on as the text they are. Run by `vatportal-mock check-client -- bash curl.sh`; README.md says what it is given, and gives
# back.

set -euo pipefail
export LC_ALL=C.UTF-8

token=${VATPORTAL_TOKEN:-}
patience=${VATPORTAL_PATIENCE:-900} # seconds after which a process is given up; most take 3 to 5 minutes
tries=5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sent='' ids='' qaimes='' invoices='' deleted='' blamed='' began=0

# -- JSON: a value by its path, one token a line at a time

# values PATH < JSON: every value at that path, such as `.data.invoices.*.id`, as it is written; texts without quotes.
# Fails for half a JSON.
values() {
  grep -oE '"([^"\\]|\\.)*"|[][{}:,]|[^][{}:,"[:space:]]+' | awk -v wanted="$1" '
    function shown() { path = ""; for (i = 1; i <= depth; i++) path = path "." (kind[i] == "[" ? "*" : key[i]); return path }
    function begin() { if (!taking && shown() == wanted) { taking = 1; level = depth; taken = "" } }
    function end()   { if (taking && depth == level) { print taken; taking = 0 } }
    { token = $0 }
    token == "{" || token == "[" { begin(); if (taking) taken = taken token; kind[++depth] = token; key[depth] = ""; naming = token == "{"; next }
    token == "}" || token == "]" { if (taking) taken = taken token; depth--; end(); naming = 0; next }
    token == ":" { if (taking) taken = taken token; naming = 0; next }
    token == "," { if (taking) taken = taken token; naming = kind[depth] == "{"; next }
    naming { if (taking) taken = taken token; key[depth] = substr(token, 2, length(token) - 2); next }
    { begin(); if (taking) taken = taken token; if (taking && depth == level && token ~ /^"/) taken = substr(token, 2, length(token) - 2); end() }
    END { exit depth != 0 || NR == 0 }'
}
value() { values "$1" | sed -n 1p; }

# -- one request

# once METHOD PATH BODY: the answer into $work/answer, its err_code into $code; empty where no envelope came: no connection,
# a page of a gateway, half an answer. The HTTP status decides nothing (R-01).
once() {
  local body=$3
  local who=(-H "x-vatpapikey: $token")
  if [ -z "$token" ]; then
    who=()
    body="{\"username\":\"$VATPORTAL_USERNAME\",\"password\":\"$VATPORTAL_PASSWORD\",${body#\{}"
  fi
  printf %s "$body" > "$work/body"
  code=''
  if curl -sS -X "$1" "$VATPORTAL_BASE_URL$2" -H 'Content-Type: application/json' -H 'Expect:' "${who[@]}" \
    --data-binary "@$work/body" --connect-timeout 10 --max-time 120 -o "$work/answer"; then
    # a page of 5000 invoices takes seconds to go through, and the code mostly stands at its beginning
    code=$(head -c 200 "$work/answer" | sed -nE '1s/^\{[^][{}]*"err_code" *: *([0-9]+),.*/\1/p')
    if [ -z "$code" ] || [ "$(wc -c < "$work/answer")" -lt 100000 ]; then
      code=$(value .err_code < "$work/answer") || code=''
    fi
  fi
}

# call METHOD PATH BODY: one request, as often as it makes sense; its answer stays in $work/answer
call() {
  local attempt renewed=''
  again='' # whether an earlier try may have been carried out
  for ((attempt = 1; ; attempt++)); do
    once "$@"
    case $code in
      0) return 0 ;;
      5)
        if [ -n "$token" ] && [ -n "${VATPORTAL_SECRET:-}" ] && [ -z "$renewed" ]; then
          renewed=yes # it may have expired; once, for a second refusal means that we are not welcome
          renew
          continue
        fi
        return 1
        ;;
      10 | 11 | 12 | 16) ;; # internal errors: later, with growing pauses (F-ERR-03)
      '') again=yes ;;
      *) return 1 ;;
    esac
    [ "$attempt" -lt "$tries" ] || return 1
    sleep $((2 ** (attempt - 1)))
  done
}

# A new token by HMAC (F-AUTH-03 to F-AUTH-05).
renew() {
  local challenge key
  challenge=$(curl -sS -G "$VATPORTAL_BASE_URL/auth/reset_start.php" --data-urlencode "login=$VATPORTAL_USERNAME" | value .plain_value)
  key=$(printf %s "$challenge" | openssl dgst -sha256 -hmac "$VATPORTAL_SECRET" | sed 's/.*= *//')
  token=$(curl -sS -X POST "$VATPORTAL_BASE_URL/auth/reset_confirm.php" -H 'Content-Type: application/json' \
    -d "{\"login\":\"$VATPORTAL_USERNAME\",\"key\":\"$key\"}" | value .token)
  [ -n "$token" ] || refuse 'the token cannot be renewed'
}

# -- what the portal does

# Poll until the process ends: every 2 s, then 5 s, then 10 s (F-PROC-08). Every status but 2 and 3 means: it runs.
follow() {
  local passed status text
  began=$SECONDS
  while :; do
    call GET /job/read_proc_status "{\"procId\":$1}" || refuse
    status=$(value .data.status < "$work/answer")
    case $status in
      2) return ;;
      3)
        text=$(values '.data.stats.etx_exception.*' < "$work/answer" | paste -sd ' ')
        if [ -n "$sent" ]; then after_failure "$1"; fi
        code=''
        refuse "${text:-the process failed}"
        ;;
    esac
    passed=$((SECONDS - began))
    [ "$passed" -le "$patience" ] || { code='' && refuse "process $1 is not over after $patience s"; }
    if [ "$passed" -lt 60 ]; then sleep 2; elif [ "$passed" -lt 120 ]; then sleep 5; else sleep 10; fi
  done
}

# Of an upload that failed some may be signed all the same, and some are to blame: both are reported.
after_failure() {
  local row
  call GET /inv/read_invoices "{\"ids\":[$ids]}" || refuse
  numbers
  call GET /job/read_proc_data "{\"procId\":$1}" || refuse
  while read -r row; do
    if [ -n "$(value '.errors.*' <<< "$row")" ]; then blamed="$blamed$(value .id <<< "$row")"$'\n'; fi
  done < <(values '.data.invoices.*' < "$work/answer")
}

# numbers: the qaimes of an answer
numbers() {
  qaimes=$(paste -d : <(values '.data.invoices.*.id' < "$work/answer" | sed 's/.*/"&"/') \
    <(values '.data.invoices.*.qaime' < "$work/answer" | sed 's/.*/"&"/') | grep -v ':""$' || true)
}

# Upload the invoices of the input; their qaimes by ERP id.
upload() {
  local count
  sent=$(values '.invoices.*.id' < "$VATPORTAL_INPUT")
  ids=$(printf '%s\n' "$sent" | sed 's/.*/"&"/' | paste -sd ,)
  count=$(printf '%s\n' "$sent" | wc -l)
  if call POST /inv/import_upload_invoices.php "{\"upload\":true,\"invoices\":$(value .invoices < "$VATPORTAL_INPUT")}"; then
    follow "$(value .data.id < "$work/answer")"
    count=0
  elif [ "$code" != 17 ] || [ -z "$again" ]; then
    refuse
  fi
  # where an answer was lost and the invoices are there (17) they are ours, only the number of the process is not known
  began=$SECONDS
  while :; do
    call GET /inv/read_invoices "{\"ids\":[$ids]}" || refuse
    numbers
    [ "$(printf '%s\n' "$qaimes" | grep -c .)" -lt "$count" ] || return 0
    [ $((SECONDS - began)) -le "$patience" ] || { code='' && refuse 'the invoices have no qaime yet'; }
    sleep 5
  done
}

# Download from e-taxes, and read page by page until a page is empty (F-RD-02); a qaime counts once.
download() {
  local wanted process page=0
  wanted=$(value .download < "$VATPORTAL_INPUT")
  call POST /etx/import "{\"phone\":\"$VATPORTAL_PHONE\",${wanted#\{}" || refuse
  process=$(value .data.id < "$work/answer")
  follow "$process"
  : > "$work/read"
  while :; do
    page=$((page + 1))
    whole_page "{\"phone\":\"$VATPORTAL_PHONE\",\"procId\":$process,\"from\":$page}"
    [ -s "$work/page" ] || break
    cat "$work/page" >> "$work/read"
  done
  invoices=$(sort -u "$work/read")
}

# whole_page BODY: the qaimes of a page into $work/page; it is read again where half of it has come
whole_page() {
  local attempt
  for ((attempt = 1; attempt <= tries; attempt++)); do
    call GET /etx/read_invoices "$1" || refuse
    if values '.data.invoices.*.qaime' < "$work/answer" > "$work/page"; then return 0; fi
    sleep $((2 ** (attempt - 1)))
  done
  code='' && refuse 'half a page has come'
}

# Each folder with a request of its own (F-DEL-02), and of each all or nothing (F-DEL-03); what is gone is told in any case.
delete() {
  local signed serials
  for signed in false true; do
    serials=$(paste -d : <(values '.delete.*.is_signed' < "$VATPORTAL_INPUT") \
      <(values '.delete.*.serialNumber' < "$VATPORTAL_INPUT") | sed -n "s/^$signed://p")
    [ -n "$serials" ] || continue
    call DELETE /etx/delete "{\"serialNumbers\":[$(listed "$serials")],\"is_signed\":$signed}" || refuse
    follow "$(value .data.id < "$work/answer")"
    deleted="$deleted$serials"$'\n'
  done
}

# -- the outcome

listed() { printf '%s\n' "$1" | sed '/^$/d; s/.*/"&"/' | paste -sd ,; }

# refuse [TEXT]: end badly, and say why, and of which invoices (F-ERR-01)
refuse() {
  local text=${1:-$(value .err_msg < "$work/answer" 2> /dev/null || true)} place=0 codes
  if [ "$code" = 14 ]; then
    while read -r codes; do
      place=$((place + 1))
      [ "$codes" = '[]' ] || blamed="$blamed$(printf '%s\n' "$sent" | sed -n "${place}p")"$'\n'
    done < <(values '.data.invoices.*' < "$work/answer")
  fi
  [ -n "$text" ] || text=${code:+err_code $code}
  outcome failed "{${code:+\"code\":$code,}\"text\":\"${text:-the portal does not answer}\",\"invoices\":[$(listed "$blamed")]}"
  exit 1
}

outcome() {
  local said="\"status\":\"$1\",\"errors\":[${2:-}]"
  [ -z "$qaimes" ] || said="\"qaimes\":{$(printf '%s\n' "$qaimes" | paste -sd ,)},$said"
  [ -z "$invoices" ] || said="\"invoices\":[$(listed "$invoices")],$said"
  [ -z "$deleted" ] || said="\"deleted\":[$(listed "$deleted")],$said"
  if [ -n "${VATPORTAL_OUTPUT:-}" ]; then printf '{%s}' "$said" > "$VATPORTAL_OUTPUT"; fi
}

[ -r "${VATPORTAL_INPUT:-}" ] || { echo 'VATPORTAL_INPUT names no file' >&2 && exit 1; }
given() { [ -n "$(value ".$1" < "$VATPORTAL_INPUT")" ]; }

if given invoices; then upload; fi
if given download; then download; fi
if given delete; then delete; fi
outcome succeeded
