// The Dynamics 365 Sales side of a pair: opportunities, and the accounts, contacts and users around them, behind the
// connector contract. This header only makes one; see the files beside it for reading, writing and checking.
//
// Columns are logical names of opportunity ("estimatedvalue"), with these additions:
//   - "stage" is made of three columns: "salesstage:2" when open (the setting `stage_column` names the choice),
//     "won:3" and "lost:5" when closed, with the status reason. Writing it changes the choice, closes by the Win and
//     Lose actions, or reopens; together with the other columns of the operation it is one change set.
//   - A lookup is its record's id: "parentaccountid", "parentcontactid", "ownerid". A customer that may be an account
//     or a contact is named by one of the two: "customerid_account", "customerid_contact"; so is each table that a
//     lookup of the organisation's own may lead to, where there are several: "new_buyer_account".
//   - "parentaccountid.name", "ownerid.fullname", "customerid_account.address1_city", "new_partnerid.name" are columns
//     of the record that a lookup leads to; they are blank where it leads to another table. Tracked reads cannot bring
//     them: each page costs one more request for all of them. They can be read only, but for
//     "transactioncurrencyid.isocurrencycode", which sets the currency by its code.
//   - Choices are numbers; a mapping's tables name them as texts ("974830001").
//
// Promises beyond the contract:
//   - An idle pull is one request. A pull that begins without a cursor asks once more, for metadata.
//   - `version` is the row's ETag; updates carry it as a condition, so that nobody's change is written over.
//   - An opportunity is created under an id that follows from its key, an account under one that follows from the
//     operation: sent twice, either makes one record.
//   - Writing an amount looks first whether the platform calculates it (one more request per push), unless the setting
//     `calculated_revenue` says that the bridge takes it over.
#pragma once

#include <memory>

#include "connectors/connector.h"
#include "connectors/dynamics365/dynamics365_settings.h"
#include "net/oauth.h"

namespace cosell {

std::unique_ptr<Connector> make_dynamics365_connector(Dynamics365Settings settings,
                                                      std::shared_ptr<net::TokenSource> tokens);

}  // namespace cosell
