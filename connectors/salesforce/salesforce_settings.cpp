// Reads and checks the settings of the Salesforce side. Every refusal says where, what was expected and, for a
// misspelt name, what was probably meant.
#include "connectors/salesforce/salesforce_settings.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "connectors/salesforce/soql.h"
#include "net/http.h"

namespace cosell {
namespace {

Error wrong(json::Position at, const std::string& message) {
  const std::string place = at.line == 0 ? "" : std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  return make_error(ErrorClass::config, place + message);
}

Error wrong_value(const json::Member& m, const std::string& expected) {
  return wrong(m.value.at(), "\"" + m.key + "\" must be " + expected);
}

std::optional<Error> read_instance(const json::Member& m, SalesforceSettings& out) {
  const std::string expected = "the https address of the organisation, like https://contoso.my.salesforce.com";
  const auto url = http::parse_url(m.value.text());
  if (!m.value.is_string() || !url || url->host.empty()) return wrong_value(m, expected);
  // Plain http is for a sandbox on the same machine only: a token must not cross a network in clear.
  if (url->scheme != "https" && !http::is_loopback(url->host)) return wrong_value(m, expected);
  if (text::ends_with(url->host, ".lightning.force.com")) {
    return wrong_value(m, "the My Domain address (…my.salesforce.com); the API does not answer on lightning.force.com");
  }
  if (url->path != "/" || !url->query.empty()) return wrong_value(m, expected + ", without a path");
  out.instance = url->origin();
  return std::nullopt;
}

std::optional<Error> read_api_version(const json::Member& m, SalesforceSettings& out) {
  const std::string written = text::starts_with(m.value.text(), "v") ? m.value.text().substr(1) : m.value.text();
  const bool well_formed =
      m.value.is_string() && written.size() == 4 && text::ends_with(written, ".0") &&
      std::all_of(written.begin(), written.begin() + 2, [](char c) { return c >= '0' && c <= '9'; });
  // As far back as it is tested.
  if (!well_formed || written < "46.0") return wrong_value(m, "a version from \"v46.0\" on, like \"v60.0\"");
  out.api_version = "v" + written;
  return std::nullopt;
}

std::optional<Error> read_number(const json::Member& m, int least, int most, int& out) {
  const auto n = m.value.as_integer();
  if (!n || *n < least || *n > most) {
    return wrong_value(m, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  out = static_cast<int>(*n);
  return std::nullopt;
}

std::optional<Error> read_overlap(const json::Member& m, SalesforceSettings& out) {
  const auto d = m.value.is_string() ? parse_duration(m.value.text()) : std::nullopt;
  if (!d || *d > days(1)) return wrong_value(m, "a duration up to \"24h\", like \"10m\"");
  out.read_overlap = *d;
  return std::nullopt;
}

std::optional<Error> read_deleted_shown_for(const json::Member& m, SalesforceSettings& out) {
  const auto d = m.value.is_string() ? parse_duration(m.value.text()) : std::nullopt;
  // The recycle bin keeps nothing longer.
  if (!d || *d < hours(1) || *d > days(15)) return wrong_value(m, "a duration from \"1h\" to \"15d\", like \"1d\"");
  out.deleted_shown_for = *d;
  return std::nullopt;
}

std::optional<Error> read_key_column(const json::Member& m, SalesforceSettings& out) {
  const bool usable =
      m.value.is_string() && soql::is_column_path(m.value.text()) && m.value.text().find('.') == std::string::npos;
  if (!usable) return wrong_value(m, "the API name of a column of Opportunity, like \"Cosell_Referral_Id__c\"");
  out.key_column = m.value.text();
  return std::nullopt;
}

std::optional<Error> read_multi_currency(const json::Member& m, SalesforceSettings& out) {
  if (m.value.is_bool()) {
    out.multi_currency = m.value.as_bool() ? MultiCurrency::yes : MultiCurrency::no;
    return std::nullopt;
  }
  if (!m.value.is_string() || m.value.text() != "auto") return wrong_value(m, "\"auto\", true or false");
  out.multi_currency = MultiCurrency::detect;
  return std::nullopt;
}

std::optional<Error> read_duplicate_detection(const json::Member& m, SalesforceSettings& out) {
  if (!m.value.is_bool()) return wrong_value(m, "true or false");
  out.duplicate_detection = m.value.as_bool();
  return std::nullopt;
}

const std::vector<std::string> kKeys = {
    "instance",        "api_version",          "page_size",  "read_overlap",   "deleted_shown_for",
    "collection_size", "collections_per_call", "key_column", "multi_currency", "duplicate_detection"};

std::optional<Error> read_member(const json::Member& m, SalesforceSettings& out) {
  if (m.key == "instance") return read_instance(m, out);
  if (m.key == "api_version") return read_api_version(m, out);
  if (m.key == "page_size") return read_number(m, 200, 2000, out.page_size);
  if (m.key == "read_overlap") return read_overlap(m, out);
  if (m.key == "deleted_shown_for") return read_deleted_shown_for(m, out);
  if (m.key == "collection_size") return read_number(m, 1, 200, out.collection_size);
  if (m.key == "collections_per_call") return read_number(m, 1, 5, out.collections_per_call);
  if (m.key == "key_column") return read_key_column(m, out);
  if (m.key == "multi_currency") return read_multi_currency(m, out);
  if (m.key == "duplicate_detection") return read_duplicate_detection(m, out);
  const std::string near = text::nearest(m.key, kKeys);
  return wrong(m.at, "unknown setting \"" + m.key + "\" for Salesforce; " +
                         (near.empty() ? "known are " + text::join(kKeys, ", ") : "did you mean \"" + near + "\"?"));
}

}  // namespace

Result<SalesforceSettings> read_salesforce_settings(const json::Value& object,
                                                    const std::vector<std::string>& keys_of_others) {
  if (!object.is_object()) return wrong(object.at(), "the settings for Salesforce must be an object { … }");
  SalesforceSettings settings;
  for (const json::Member& m : object.members()) {
    if (std::find(keys_of_others.begin(), keys_of_others.end(), m.key) != keys_of_others.end()) continue;
    if (auto error = read_member(m, settings)) return *std::move(error);
  }
  if (settings.instance.empty()) {
    return wrong(object.at(),
                 "\"instance\" is missing: the address of the organisation, like "
                 "https://contoso.my.salesforce.com");
  }
  // Versions before do not know the header.
  if (!settings.duplicate_detection && settings.api_version < "v52.0") {
    return wrong(object.at(), "\"duplicate_detection\": false needs \"api_version\" \"v52.0\" or later");
  }
  return settings;
}

}  // namespace cosell
