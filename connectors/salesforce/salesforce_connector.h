// The Salesforce side of a pair: opportunities, and the accounts, contacts and users around them, behind the
// connector contract. This header only makes one; see the files beside it for reading, writing and checking.
//
// Promises beyond the contract:
//   - An idle pull is one request. A pull that begins without a cursor may describe the objects once more.
//   - `version` is SystemModstamp, in whole seconds: two edits within one second share it. Pulls compare whole
//     rows, so such a second edit is still delivered.
//   - An update with `expected` reads the rows again just before it writes; between the two a person may still
//     save (Salesforce has no condition per row in collections).
#pragma once

#include <memory>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_settings.h"
#include "net/oauth.h"

namespace cosell {

std::unique_ptr<Connector> make_salesforce_connector(SalesforceSettings settings,
                                                     std::shared_ptr<net::TokenSource> tokens);

}  // namespace cosell
