// A text that is refused is as good as one that is understood: only what comes out of it is judged here.
#include "tests/fuzz/written_texts.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/config.h"
#include "cli/when.h"
#include "connectors/emulator/csv.h"
#include "deal/value.h"
#include "mapping/cases.h"
#include "mapping/mapping.h"
#include "mapping/shipped.h"
#include "mapping/stored.h"
#include "net/certificate.h"
#include "net/http.h"
#include "store/codec.h"

namespace cosell::fuzz {

namespace {

using Read = std::optional<Error>;

constexpr Instant kAsked{1'795'000'000'000};

Error wrong(const std::string& what) { return make_error(ErrorClass::bug, what); }

// A folder that is not there: relative paths of a configuration lead nowhere, and other ones are not followed.
Read configuration(std::string_view input) {
  if (input.find("/dev") != std::string_view::npos || input.find("/proc") != std::string_view::npos) return {};
  const auto read = cli::read_config("/no-such-folder/cosell.jsonc", input);
  if (read.config.has_value() != read.problems.empty()) return wrong("neither a configuration nor a problem");
  for (const std::string& problem : read.problems) {
    if (problem.find("cosell.jsonc:") == std::string::npos) return wrong("a problem without a place: " + problem);
  }
  return std::nullopt;
}

constexpr const char* kConfiguration =
    R"({"pairs":{"a":{"crm":{"system":"salesforce","url":"https://a.my.salesforce.com",
"login":{"flow":"jwt","client_id":"c","username":"u","private_key":"file:k"}},
"partner_center":{"login":{"tenant":"t","client_id":"c"},"settings":{"stage_form":"percent"}},
"mapping":"m.jsonc","store":"a.db","irreversible":{"settle":"60m","won":"auto"},"answers_every":"1h",
"late_arrival":"60s","in_flight":{"partner_center":16},
"registration":{"rates":{"date":"2026-11","source":"s","usd_per_unit":{"EUR":1.08}}}}},
"tokens":{"file":"t","key":"env:K"},"network":{"proxy":"http://p:3128"}})";

Result<std::string> shipped(const std::string& name) {
  const std::string_view text = mapping::shipped_mapping(name);
  if (text.empty()) return make_error(ErrorClass::config, "no such file");
  return std::string(text);
}

const mapping::Mapping& salesforce_mapping() {
  static const mapping::Loaded loaded =
      mapping::read_mapping("a.jsonc", R"({"extends":"salesforce","fields":{"location":{"constant":"1"}}})", shipped);
  return *loaded.mapping;
}

Read mapping_cases(std::string_view input) {
  const auto results = mapping::run_cases(salesforce_mapping(), "a.cases.jsonc", std::string(input), {2026, 11, 27});
  if (results || results.error().kind == ErrorClass::config) return std::nullopt;
  return results.error();
}

// What was kept of a mapping that can be read is that mapping.
Read stored_mapping(std::string_view input) {
  mapping::stored_file(std::string(input));
  mapping::read_stored_mapping(std::string(input));
  const mapping::Loaded loaded = mapping::read_mapping("a.jsonc", std::string(input), shipped);
  if (!loaded.mapping) return std::nullopt;
  const mapping::Loaded again = mapping::read_stored_mapping(loaded.mapping->text());
  if (!again.mapping) return wrong("a mapping that was kept cannot be read any more");
  if (again.mapping->hash() != loaded.mapping->hash()) return wrong("another mapping was kept");
  const std::string file = mapping::stored_file(loaded.mapping->text()).text;
  if (file != input && file != std::string(input) + "\n") return wrong("another file was kept");
  return std::nullopt;
}

Read stored_columns(std::string_view input) {
  const auto columns = store::decode_columns(std::string(input));
  if (!columns) return std::nullopt;
  return kept_as_shown(*columns);
}

Read times(std::string_view input) {
  const std::string text(input);
  cli::parse_when(text, kAsked);
  if (const auto at = parse_instant(input)) {
    if (parse_instant(to_string(*at)) != at) return wrong("a time becomes " + to_string(*at));
    if (parse_date(to_string(date_of(*at))) != date_of(*at)) return wrong("a day becomes " + to_string(date_of(*at)));
  }
  if (const auto day = parse_date(input)) {
    if (parse_date(to_string(*day)) != day) return wrong("a day becomes " + to_string(*day));
  }
  if (const auto long_ = parse_duration(input)) {
    if (parse_duration(to_string(*long_)) != long_) return wrong("a duration becomes " + to_string(*long_));
    in_words(*long_);
  }
  return std::nullopt;
}

// The amount, a blank, the currency.
Read numbers(std::string_view input) {
  const std::size_t blank = std::min(input.find(' '), input.size());
  emulator::read_number_cell(std::string(input));
  emulator::read_date_cell(std::string(input));
  const auto number = parse_number(input.substr(0, blank));
  if (!number) return std::nullopt;
  if (parse_number(number->text) != number) return wrong("a number becomes " + number->text);
  const auto money = money_from(*number, input.substr(std::min(blank + 1, input.size())));
  if (!money) return std::nullopt;
  to_string(*money);
  const auto again = money_from(amount_of(*money), money->currency);
  if (again != money) return wrong("an amount becomes " + to_string(*money));
  return std::nullopt;
}

Read texts(std::string_view input) {
  const std::string text(input);
  if (text::is_valid_utf8(text)) {
    for (const auto& form : {text::nfc, text::comparable, text::case_folded, text::without_accents, text::folded}) {
      if (!text::is_valid_utf8(form(text))) return wrong("no UTF-8 any more: " + form(text));
    }
    if (text::nfc(text::nfc(text)) != text::nfc(text)) return wrong("NFC of NFC is something else");
  }
  text::nearest(text, {"stage", "name", "close_date"});
  display(Value(text));
  if (text::percent_decode(text::percent_encode(text)) != text) return wrong("percent-encoded as something else");
  if (text::base64_decode(text::base64_encode(text)) != text) return wrong("base64 of something else");
  if (text::base64_decode(text::base64url_encode(text)) != text) return wrong("base64url of something else");
  const auto form = http::parse_form(text);
  if (http::parse_form(http::encode_form(form)) != form) return wrong("a form becomes another one");
  return std::nullopt;
}

Read certificates(std::string_view input) {
  const std::string pem(input);
  const bool sound = net::certificate_problem(pem).empty();
  if (sound != net::certificate_thumbprint(pem).has_value()) return wrong("a certificate, and none");
  static_cast<void>(net::certificate_term(pem));
  net::key_problem(net::Secret(pem));
  return std::nullopt;
}

constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBbjCCARWgAwIBAgIURuACECbmGxk14rWVTCmxTnmsEEswCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBYTAgFw0yNjExMjcxNzQyMjNaGA8yMTI2MTEwMzE3NDIyM1ow\n"
    "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNki6hsPVQq0\n"
    "KcdayDUzjL7sNIn2t/zGaOD15O48ArniiZWnxhYr1LEIq24GoKbvUPRjq6TbiOfv\n"
    "NonqVOaRsD6jUzBRMB0GA1UdDgQWBBRt78d+tmMp2AgTHRv4Cy9sBtlctDAfBgNV\n"
    "HSMEGDAWgBRt78d+tmMp2AgTHRv4Cy9sBtlctDAPBgNVHRMBAf8EBTADAQH/MAoG\n"
    "CCqGSM49BAMCA0cAMEQCIERh8DKS5MgNj//pyhem3U1sdXkJPQbfx82gotRbLy48\n"
    "AiBX0l0DmFT8+j7vj+iefJlz+LyDZlhMt5IpkcZRrmWSXw==\n"
    "-----END CERTIFICATE-----\n";

}  // namespace

std::vector<Target> written_texts() {
  return {
      {"configuration", "", kConfiguration, configuration},
      {"mapping_cases", "",
       R"({"cases":[{"name":"n","today":"2026-11-30","opportunity":{"Name":"A","StageName":"Prospecting","Amount":5,)"
       R"("CurrencyIsoCode":"EUR"},"referral":{"name":"A","value":"5.00 EUR","stage":10},"change":{"stage":20},)"
       R"("writes":{"StageName":"Qualification"}}]})",
       mapping_cases},
      {"stored_mapping", "",
       "{\"extends\": \"salesforce\", \"fields\": {\"location\": {\"constant\": \"1\"}} // why\n}\n", stored_mapping},
      {"stored_columns", "",
       R"({"a":null,"b":true,"c":-1.5,"d":"x","e":{"date":"2026-11-30"},"f":{"instant":"2026-11-30T00:00:00.000Z"},)"
       R"("g":{"money":{"currency":"EUR","minor":5}},"h":{"stage":20},"i":{"standing":{"reason":"r","status":"Closed",)"
       R"("substatus":"Lost"}},"j":{"people":[{"email":"a@b.c"}]},"k":{"solutions":[{"id":"S"}]},)"
       R"("l":{"customer":{"name":"N","country":"DE"}}})",
       stored_columns},
      {"times", "", "2026-11-30T09:30:00.123+02:00", times},
      {"numbers", "", "-1.50e3 EUR", numbers},
      {"texts", "", "Gro\xc3\x9f\x65 \xc3\x85lesund\r\n%20+&=", texts},
      {"certificates", "", kCertificate, certificates},
  };
}

}  // namespace cosell::fuzz
