// Configurations that the tests change in one place at a time.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace cosell::cli::config_texts {

inline const std::string good_config = R"({
  // a comment is fine
  "pairs": {
    "contoso": {
      "crm": {
        "system": "salesforce",
        "url": "https://contoso.my.salesforce.com",
        "login": { "flow": "client_credentials", "client_id": "key", "client_secret": "env:SECRET" },
        "settings": { "page_size": 500 }
      },
      "partner_center": {
        "login": { "tenant": "contoso.example", "client_id": "app", "refresh_token": "file:secrets/token" },
        "settings": { "stage_form": "name" }
      },
      "mapping": "contoso.jsonc",
      "store": "state/contoso.db",
      "irreversible": { "settle": "30m", "won": "ask" },
      "in_flight": { "partner_center": 8 },
      "calls": { "crm": { "per_day": 10000, "per_minute": 600, "reserve_percent": 10 } },
      "guards": { "closings": { "share": 0.5, "deals": 3 } },
      "rules": { "notes_required": false }
    }
  },
  "tokens": { "file": "state/tokens", "key": "env:KEY" }
})";

// The good one with `from` replaced; fails the test when it does not contain it.
inline std::string with(const std::string& from, const std::string& to) {
  EXPECT_NE(good_config.find(from), std::string::npos) << from;
  return text::replace_all(good_config, from, to);
}

}  // namespace cosell::cli::config_texts
