// VatPortal from Java 17: java Portal.java. No library; use your JSON library instead of the regular expressions.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Portal {
    static final String URL = System.getenv().getOrDefault("VATPORTAL_URL", "http://127.0.0.1:8080/api");
    static final String TOKEN = System.getenv().getOrDefault("VATPORTAL_TOKEN", "demo-token");
    static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    static String call(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(URL + path))
            .header("Content-Type", "application/json")
            .header("x-vatpapikey", TOKEN)
            .method(method, HttpRequest.BodyPublishers.ofString(body))  // GET with a body too; HttpURLConnection would make it POST
            .build();
        String answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
        if (!field(answer, "err_code").equals("0")) throw new IllegalStateException(answer);
        return answer;
    }

    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}]*)").matcher(json);
        return found.find() ? found.group(1) : "";
    }

    public static void main(String[] arguments) throws Exception {
        String id = "JAVA-" + System.currentTimeMillis();
        String started = call("POST", "/inv/import_upload_invoices.php", """
            {"upload": true, "invoices": [{"id": "%s", "main_info": "Müqavilə A-17",
              "seller": "1234567890", "buyer": "0987654321", "sum_subtotal1": 10, "sum_subtotal2": 10, "sum_total": 10,
              "items": [{"id": "1234567890", "name": "Çay", "unit": "ədəd", "unit_price": 1, "quantity": 10,
                         "barcode": "1234567890000", "subtotal1": 10, "subtotal2": 10, "total": 10}]}]}
            """.formatted(id));
        String process = field(started, "id");
        String status = "";
        for (int tries = 0; tries < 100 && !status.matches("[23]"); tries++) {  // the real portal: every 5 to 10 s
            if (tries > 0) Thread.sleep(1000);
            status = field(call("GET", "/job/read_proc_status", "{\"procId\": " + process + "}"), "status");
        }
        if (!status.equals("2")) throw new IllegalStateException("process " + process + " has status " + status);
        System.out.println("qaime: " + field(call("GET", "/inv/read_invoices", "{\"ids\": [\"" + id + "\"]}"), "qaime"));
    }
}
