// VatPortal from 1C:Enterprise 8.3 (HTTPСоединение). The platform sends no body with GET, so reads are POST (R-02).
// The simulator's address; the real portal is <company>.vatportal.az, port 443, with Новый ЗащищенноеСоединениеOpenSSL.
// Not run by our tests: there is no 1C here.

Функция Вызвать(Метод, Путь, Тело)

	Соединение = Новый HTTPСоединение("127.0.0.1", 8080, , , , 60);

	Заголовки = Новый Соответствие;
	Заголовки.Вставить("Content-Type", "application/json");
	Заголовки.Вставить("x-vatpapikey", "demo-token");

	Запрос = Новый HTTPЗапрос("/api" + Путь, Заголовки);
	Запись = Новый ЗаписьJSON;
	Запись.УстановитьСтроку();
	ЗаписатьJSON(Запись, Тело);
	Запрос.УстановитьТелоИзСтроки(Запись.Закрыть(), КодировкаТекста.UTF8, ИспользованиеByteOrderMark.НеИспользовать);

	Ответ = Соединение.ВызватьHTTPМетод(Метод, Запрос);
	Текст = Ответ.ПолучитьТелоКакСтроку(КодировкаТекста.UTF8);

	Чтение = Новый ЧтениеJSON;
	Чтение.УстановитьСтроку(Текст);
	Конверт = ПрочитатьJSON(Чтение);
	Чтение.Закрыть();

	Если Конверт.err_code <> 0 Тогда // the envelope decides, not the HTTP status
		ВызватьИсключение Текст;
	КонецЕсли;
	Возврат Конверт.data;

КонецФункции

// Starts the upload and returns the number of its process.
Функция Выгрузить(Ид) Экспорт

	Строка = Новый Структура("id, name, unit, unit_price, quantity, barcode, subtotal1, subtotal2, total",
		"1234567890", "Çay", "ədəd", 1, 10, "1234567890000", 10, 10, 10);
	Строки = Новый Массив;
	Строки.Добавить(Строка);

	Накладная = Новый Структура("id, main_info, seller, buyer, sum_subtotal1, sum_subtotal2, sum_total, items",
		Ид, "Müqavilə A-17", "1234567890", "0987654321", 10, 10, 10, Строки);
	Накладные = Новый Массив;
	Накладные.Добавить(Накладная);

	Возврат Вызвать("POST", "/inv/import_upload_invoices.php", Новый Структура("upload, invoices", Истина, Накладные)).id;

КонецФункции

// The qaime, or Неопределено while the process runs. Call it every 5 to 10 s, for 10 minutes: by ПодключитьОбработчикОжидания
// in a form, by a scheduled job (регламентное задание) on the server.
Функция НомерНакладной(Процесс, Ид) Экспорт

	Состояние = Вызвать("POST", "/job/read_proc_status", Новый Структура("procId", Процесс));
	Если Состояние.status = 3 Тогда
		ВызватьИсключение "process " + Формат(Процесс, "ЧГ=") + " failed";
	ИначеЕсли Состояние.status <> 2 Тогда
		Возврат Неопределено;
	КонецЕсли;

	Иды = Новый Массив;
	Иды.Добавить(Ид);
	Возврат Вызвать("POST", "/inv/read_invoices", Новый Структура("ids", Иды)).invoices[0].qaime;

КонецФункции
