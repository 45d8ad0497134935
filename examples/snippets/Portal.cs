// VatPortal from C#. .NET: the HttpClient of .NET Framework refuses a GET with a body; there, read with POST (R-02).
using System;
using System.Net.Http;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

public static class Portal
{
    static readonly string Url = Environment.GetEnvironmentVariable("VATPORTAL_URL") ?? "http://127.0.0.1:8080/api";
    static readonly string Token = Environment.GetEnvironmentVariable("VATPORTAL_TOKEN") ?? "demo-token";
    static readonly HttpClient Client = new HttpClient();

    static async Task<string> Call(string method, string path, string body)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), Url + path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("x-vatpapikey", Token);
        var answer = await Client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (Field(text, "err_code") != "0") throw new InvalidOperationException(text);
        return text;
    }

    // Stands for your JSON library.
    static string Field(string json, string name)
    {
        return Regex.Match(json, "\"" + name + "\"\\s*:\\s*\"?([^\",}]*)").Groups[1].Value;
    }

    static async Task<string> Upload(string id)
    {
        var started = await Call("POST", "/inv/import_upload_invoices.php", @"
            {""upload"": true, ""invoices"": [{""id"": """ + id + @""", ""main_info"": ""Müqavilə A-17"",
              ""seller"": ""1234567890"", ""buyer"": ""0987654321"",
              ""sum_subtotal1"": 10, ""sum_subtotal2"": 10, ""sum_total"": 10,
              ""items"": [{""id"": ""1234567890"", ""name"": ""Çay"", ""unit"": ""ədəd"", ""unit_price"": 1, ""quantity"": 10,
                           ""barcode"": ""1234567890000"", ""subtotal1"": 10, ""subtotal2"": 10, ""total"": 10}]}]}");
        var process = Field(started, "id");
        for (var tries = 0; tries < 100; tries++)  // against the real portal: every 5 to 10 s, for 10 minutes
        {
            var status = Field(await Call("POST", "/job/read_proc_status", "{\"procId\": " + process + "}"), "status");
            if (status == "3") throw new InvalidOperationException("process " + process + " failed");
            if (status == "2")
            {
                return Field(await Call("POST", "/inv/read_invoices", "{\"ids\": [\"" + id + "\"]}"), "qaime");
            }
            await Task.Delay(1000);
        }
        throw new TimeoutException("process " + process);
    }

    public static void Main()
    {
        Console.WriteLine("qaime: " + Upload("CS-" + DateTime.UtcNow.Ticks).GetAwaiter().GetResult());
    }
}
