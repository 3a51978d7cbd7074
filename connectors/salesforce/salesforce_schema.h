// What this organisation's objects look like: columns from describe, remembered while the process lives, and the
// types of its own columns. Nothing that it remembers is needed for correctness: a restarted process asks again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"
#include "connectors/salesforce/salesforce_wire.h"

namespace cosell::salesforce {

// "Opportunity"; "" for kinds that Salesforce does not have.
std::string object_of(RecordKind kind);

class SalesforceSchema {
 public:
  SalesforceSchema(SalesforceClient& client, MultiCurrency multi_currency);

  // An object; asks once.
  Result<const DescribedObject*> describe(Call& call, const std::string& object);
  Result<const std::vector<DescribedColumn>*> columns_of(Call& call, const std::string& object);
  // Everything is asked anew.
  void forget() {
    described_.clear();
    types_.clear();
  }
  // Takes over a describe that was made elsewhere.
  void learn(const std::string& object, DescribedObject described);

  // The column at a path ("Account.Region__c"), following references; nullptr when there is none.
  Result<const DescribedColumn*> resolve(Call& call, const std::string& object, const std::string& path);

  // Types of those columns whose texts may be dates or times. Asks describe only for the organisation's own columns
  // that it has not met yet.
  Result<TextTypes> text_types(Call& call, const std::string& object, const std::vector<std::string>& columns);
  // Of a column of the object itself, as far as it is known without asking.
  std::optional<TextType> known_type(const std::string& object, const std::string& column) const;
  // The same from a read position, so that a new process need not ask.
  void remember(const std::string& object, const std::vector<std::string>& columns, const TextTypes& types);

  // Does CurrencyIsoCode exist? Assumed until known otherwise.
  bool has_currency() const { return has_currency_.value_or(true); }
  // From a read position; what was asked in this process is newer and stays.
  void remember_currency(bool has);
  // Only a read position says that there is none: an organisation may have switched several on since.
  bool doubts_currency() const { return from_position_; }
  bool may_ask_for_currency() const { return multi_currency_ == MultiCurrency::detect; }
  // The question, which costs nothing beside others, and its answer.
  Ask currency_query() const;
  void learn_currency(const Result<http::Response>& answer);
  // The refusal of a query may only mean that the organisation has one currency. True when it is worth asking again
  // without CurrencyIsoCode.
  bool learn_from_refusal(const Error& error);

 private:
  SalesforceClient& client_;
  MultiCurrency multi_currency_;
  std::map<std::string, DescribedObject> described_;
  std::map<std::string, std::map<std::string, TextType>> types_;  // by object and path; only …__c
  std::optional<bool> has_currency_;
  bool from_position_ = false;  // has_currency_, and nobody asked since
};

constexpr const char* kCurrencyColumn = "CurrencyIsoCode";

}  // namespace cosell::salesforce
