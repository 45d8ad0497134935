// VatPortal from Go: go run portal.go
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// call sends body as JSON, with GET and DELETE too, and decodes data into into.
func call(method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, env("VATPORTAL_URL", "http://127.0.0.1:8080/api")+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-vatpapikey", env("VATPORTAL_TOKEN", "demo-token"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var envelope struct {
		Code    int             `json:"err_code"`
		Message string          `json:"err_msg"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		return err
	}
	if envelope.Code != 0 {
		return fmt.Errorf("err_code %d: %s %s", envelope.Code, envelope.Message, envelope.Data)
	}
	return json.Unmarshal(envelope.Data, into)
}

type object = map[string]any

func upload(id string) (string, error) {
	var process struct{ ID int }
	item := object{"id": "1234567890", "name": "Çay", "unit": "ədəd", "unit_price": 1, "quantity": 10,
		"barcode": "1234567890000", "subtotal1": 10, "subtotal2": 10, "total": 10}
	invoice := object{"id": id, "main_info": "Müqavilə A-17", "seller": "1234567890", "buyer": "0987654321",
		"sum_subtotal1": 10, "sum_subtotal2": 10, "sum_total": 10, "items": []object{item}}
	body := object{"upload": true, "invoices": []object{invoice}}
	if err := call("POST", "/inv/import_upload_invoices.php", body, &process); err != nil {
		return "", err
	}
	for tries := 0; tries < 100; tries++ { // against the real portal: every 5 to 10 s, for 10 minutes
		var state struct{ Status int }
		if err := call("GET", "/job/read_proc_status", object{"procId": process.ID}, &state); err != nil {
			return "", err
		}
		switch state.Status {
		case 2:
			var read struct{ Invoices []struct{ Qaime string } }
			err := call("GET", "/inv/read_invoices", object{"ids": []string{id}}, &read)
			if err != nil || len(read.Invoices) != 1 {
				return "", fmt.Errorf("no invoice %s: %v", id, err)
			}
			return read.Invoices[0].Qaime, nil
		case 3:
			return "", fmt.Errorf("process %d failed", process.ID)
		}
		time.Sleep(time.Second)
	}
	return "", fmt.Errorf("process %d runs on", process.ID)
}

func main() {
	qaime, err := upload(fmt.Sprintf("GO-%d", time.Now().UnixNano()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("qaime:", qaime)
}
