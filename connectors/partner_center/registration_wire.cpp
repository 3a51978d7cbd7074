// One row per column: where it stands in the document. A part that is not understood stays out, so nothing is invented.
#include "connectors/partner_center/registration_wire.h"

#include "base/text.h"
#include "connectors/partner_center/named_member.h"
#include "deal/registration_request.h"

namespace cosell::partner_center {
namespace {

namespace stated = registration_column;

constexpr const char* kRegistrationType = "AzureIPCoSell";  // the only one that is published
constexpr const char* kFirst = "/registrations/0";

std::string written_at(const json::Value* object, std::string_view name) {
  const json::Value* v = named_member(object, name);
  return v == nullptr ? "" : text::trim(v->text());
}

const json::Value* first_of(const json::Value* list) {
  return list == nullptr || list->items().empty() ? nullptr : &list->items().front();
}

const json::Value* first_registration(const json::Value& referral) {
  return first_of(named_member(&referral, "registrations"));
}

cosell::Value day_at(const json::Value* object, std::string_view name) {
  const std::optional<Instant> t = parse_instant(written_at(object, name));
  return t ? cosell::Value(date_of(*t)) : cosell::Value{};
}

cosell::Value money_at(const json::Value* object, const std::string& currency) {
  const std::optional<Number> amount = parse_number(written_at(object, "value"));
  const std::optional<Money> money = amount ? money_from(*amount, currency) : std::nullopt;
  return money ? cosell::Value(*money) : cosell::Value{};
}

cosell::Value words_at(const json::Value* object, std::string_view name) {
  const std::string words = written_at(object, name);
  return words.empty() ? cosell::Value{} : cosell::Value(words);
}

json::Value day_json(const cosell::Value& v) {
  const auto* day = std::get_if<Date>(&v);
  return day == nullptr ? json::Value::null() : json::Value::string(to_string_seconds(start_of(*day)));
}

json::Value amount_number(const cosell::Value& v) {
  const auto* money = std::get_if<Money>(&v);
  return money == nullptr ? json::Value::null() : json::Value::number(amount_of(*money).text);
}

json::Value currency_json(const cosell::Value& v) {
  const auto* money = std::get_if<Money>(&v);
  return money == nullptr ? json::Value::null() : json::Value::string(money->currency);
}

json::Value words_json(const cosell::Value& v) { return json::Value::string(text_of(v)); }
json::Value flag_json(const cosell::Value& v) { return json::Value::boolean(v == cosell::Value(true)); }

json::Value contract_json(const Columns& c) {
  json::Value contract = json::Value::object();
  contract.set("value", amount_number(column(c, stated::value)));
  contract.set("currency", currency_json(column(c, stated::value)));
  contract.set("signDateTime", day_json(column(c, stated::signed_on)));
  contract.set("startDateTime", day_json(column(c, stated::starts)));
  const bool finite = !is_blank(column(c, stated::ends));
  if (finite) contract.set("endDateTime", day_json(column(c, stated::ends)));
  contract.set("term", json::Value::string(finite ? "Finite" : "Perpetual"));
  return contract;
}

json::Value marketplace_json(const Columns& c) {
  const cosell::Value& day = column(c, stated::marketplace_date);
  json::Value marketplace = json::Value::object();
  marketplace.set("isMarketplaceTransacted", json::Value::boolean(!is_blank(day)));
  if (!is_blank(day)) marketplace.set("marketplaceTransactionDateTime", day_json(day));
  return marketplace;
}

json::Value solution_json(const Columns& c) {
  json::Value solution = json::Value::object();
  solution.set("id", words_json(column(c, stated::solution)));
  solution.set("value", amount_number(column(c, stated::solution_value)));
  solution.set("currency", currency_json(column(c, stated::solution_value)));
  solution.set("isDeployedOnAzure", flag_json(column(c, stated::on_azure)));
  solution.set("primaryDeploymentOn", words_json(column(c, stated::deployed_at)));
  solution.set("pricingModel", words_json(column(c, stated::pricing)));
  solution.set("marketplaceTransactionDetails", marketplace_json(c));
  return solution;
}

// The operations of a patch, in their order.
class Steps {
 public:
  void add(const char* op, const std::string& path, json::Value value) {
    json::Value step = json::Value::object();
    step.set("op", json::Value::string(op));
    step.set("path", json::Value::string(path));
    step.set("value", std::move(value));
    list_.append(std::move(step));
  }
  void contract(const char* member, json::Value value) {
    add("replace", std::string(kFirst) + "/contract/" + member, std::move(value));
  }
  void solution(const std::string& member, json::Value value) {
    add("replace", std::string(kFirst) + "/solutionDetails/0/" + member, std::move(value));
  }
  json::Value take() { return std::move(list_); }

 private:
  json::Value list_ = json::Value::array();
};

bool correct(const std::string& name, const cosell::Value& value, Steps& steps) {
  if (name == stated::value) {
    steps.contract("value", amount_number(value));
  } else if (name == stated::signed_on) {
    steps.contract("signDateTime", day_json(value));
  } else if (name == stated::starts) {
    steps.contract("startDateTime", day_json(value));
  } else if (name == stated::ends && !is_blank(value)) {
    steps.contract("term", json::Value::string("Finite"));
    steps.add("add", std::string(kFirst) + "/contract/endDateTime", day_json(value));
  } else if (name == stated::solution_value) {
    steps.solution("value", amount_number(value));
    steps.solution("currency", currency_json(value));
  } else if (name == stated::on_azure) {
    steps.solution("isDeployedOnAzure", flag_json(value));
  } else if (name == stated::deployed_at) {
    steps.solution("primaryDeploymentOn", words_json(value));
  } else if (name == stated::pricing) {
    steps.solution("pricingModel", words_json(value));
  } else if (name == stated::marketplace_date) {
    const std::string details = "marketplaceTransactionDetails/";
    steps.solution(details + "isMarketplaceTransacted", json::Value::boolean(!is_blank(value)));
    if (!is_blank(value)) {
      steps.add("add", std::string(kFirst) + "/solutionDetails/0/" + details + "marketplaceTransactionDateTime",
                day_json(value));
    }
  } else {
    return false;
  }
  return true;
}

Error not_correctable(const std::string& name) {
  Error e = make_error(ErrorClass::rejected, "Partner Center does not allow the " + label_of_column(name) +
                                                 " of a registration to be changed.");
  e.rule = name + "-not-patchable";
  e.fields = {name};
  return e;
}

}  // namespace

std::string registration_status(const json::Value& referral) {
  std::string status = written_at(&referral, "registrationStatus");
  if (status.empty()) status = written_at(first_registration(referral), "status");
  return text::equals_ignore_case(status, "None") ? "" : status;
}

void read_registration(const json::Value& referral, Columns& columns) {
  const json::Value* registration = first_registration(referral);
  if (registration == nullptr) return;
  const json::Value* contract = named_member(registration, "contract");
  const json::Value* solution = first_of(named_member(registration, "solutionDetails"));
  const json::Value* marketplace = named_member(solution, "marketplaceTransactionDetails");
  const std::string currency = written_at(contract, "currency");
  const std::string own_currency = written_at(solution, "currency");
  columns[stated::value] = money_at(contract, currency);
  columns[stated::signed_on] = day_at(contract, "signDateTime");
  columns[stated::starts] = day_at(contract, "startDateTime");
  columns[stated::ends] = day_at(contract, "endDateTime");
  columns[stated::solution] = words_at(solution, "id");
  columns[stated::solution_value] = money_at(solution, own_currency.empty() ? currency : own_currency);
  if (const json::Value* azure = named_member(solution, "isDeployedOnAzure"); azure != nullptr && azure->is_bool()) {
    columns[stated::on_azure] = azure->as_bool();
  }
  columns[stated::deployed_at] = words_at(solution, "primaryDeploymentOn");
  columns[stated::pricing] = words_at(solution, "pricingModel");
  const json::Value* transacted = named_member(marketplace, "isMarketplaceTransacted");
  const bool sold_there = transacted != nullptr && transacted->as_bool();
  columns[stated::marketplace_date] =
      sold_there ? day_at(marketplace, "marketplaceTransactionDateTime") : cosell::Value{};
  columns[stated::reason] = words_at(registration, "statusReason");
}

Result<json::Value> registration_patch(const Operation& operation) {
  Steps steps;
  if (operation.verb == Verb::create) {
    if (const auto missing = missing_in_registration(operation.changes); !missing.empty()) {
      return make_error(ErrorClass::bug, "A registration was to be sent without " + missing.front() + ".");
    }
    json::Value registration = json::Value::object();
    registration.set("type", json::Value::string(kRegistrationType));
    registration.set("contract", contract_json(operation.changes));
    json::Value solutions = json::Value::array();
    solutions.append(solution_json(operation.changes));
    registration.set("solutionDetails", std::move(solutions));
    steps.add("add", "/registrations/-", std::move(registration));
    return steps.take();
  }
  for (const auto& [name, value] : operation.changes) {
    if (!correct(name, value, steps)) return not_correctable(name);
  }
  return steps.take();
}

}  // namespace cosell::partner_center
