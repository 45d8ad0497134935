#!/usr/bin/env bash
# Steering the simulator with curl: an upload whose PINs are confirmed by hand, and a fault.
#   vatportal-mock serve &   then   bash examples/shell/steer.sh
set -euo pipefail
SERVER=${SERVER:-http://127.0.0.1:8080}
WORLD=${WORLD:-shell-example}
admin() { curl -sS --fail-with-body -X "$1" "$SERVER/w/$WORLD/__admin/$2" -H 'Content-Type: application/json' ${3:+-d "$3"}; echo; }
portal() { curl -sS -X POST "$SERVER/w/$WORLD/api$1" -H 'x-vatpapikey: demo-token' -H 'Content-Type: application/json' -d "$2"; echo; }

admin POST reset '{}'
admin PUT readings '{"R-31": "manual"}'                    # nobody answers the phone but us
admin PUT clock '{"frozen": true}'                         # and time stands still unless we move it

portal /inv/import_upload_invoices.php '{"upload": true, "invoices": [{
  "id": "SHELL-0001", "main_info": "Müqavilə", "seller": "1234567890", "buyer": "0987654321",
  "sum_subtotal1": 10, "sum_subtotal2": 10, "sum_total": 10,
  "items": [{"id": "1234567890", "name": "Çay", "unit": "ədəd", "unit_price": 1, "quantity": 10,
             "barcode": "1234567890000", "subtotal1": 10, "subtotal2": 10, "total": 10}]}]}'

admin POST clock/advance '{"by": "1m"}'
admin GET confirmations                                    # PIN1 waits, with its code
admin POST confirmations/5001-1/confirm '{}'
admin POST clock/advance '{"by": "1m"}'
admin POST confirmations/5001-2/confirm '{}'
admin POST clock/advance '{"by": "1m"}'
portal /inv/read_invoices '{"ids": ["SHELL-0001"]}'        # the qaime is there

admin POST faults '{"operation": "inv_read_invoices", "err_code": 11, "times": 1}'
portal /inv/read_invoices '{"ids": ["SHELL-0001"]}'        # error 11, once
portal /inv/read_invoices '{"ids": ["SHELL-0001"]}'
admin POST requests/count '{"operation": "inv_read_invoices"}'
