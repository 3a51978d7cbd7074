// What an administrator can set about the Salesforce side, typed and checked.
// Secrets and the login are not here: they reach the connector as a TokenSource.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"

namespace cosell {

// Does the organisation have CurrencyIsoCode? `detect` asks for it and goes without where it does not exist.
enum class MultiCurrency : std::uint8_t { detect, yes, no };

struct SalesforceSettings {
  std::string instance;                 // "https://contoso.my.salesforce.com": My Domain, also where pages are opened
  std::string api_version = "v60.0";    // as it stands in paths
  int page_size = 2000;                 // rows per query answer, 200..2000; the server may send fewer
  Duration read_overlap = minutes(10);  // re-read this long before the last position: transactions may commit late
  Duration deleted_shown_for =
      days(1);                   // after a longer break everything is read again: deletions may not show any more
  int collection_size = 200;     // rows per write, 1..200
  int collections_per_call = 5;  // 1..5, fewer while the organisation is slow
  std::string key_column = "Cosell_Referral_Id__c";  // External ID and Unique on Opportunity
  MultiCurrency multi_currency = MultiCurrency::detect;
  bool duplicate_detection = true;  // records must pass the duplicate rules; else those that only alert are passed over

  bool operator==(const SalesforceSettings&) const = default;
};

// Reads the settings object of a configuration file. Members in `keys_of_others` belong to somebody else and are
// passed over; any other unknown name is an error (`config`) with line, column and the nearest valid name.
Result<SalesforceSettings> read_salesforce_settings(const json::Value& object,
                                                    const std::vector<std::string>& keys_of_others = {});

}  // namespace cosell
