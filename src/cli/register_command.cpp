// `cosell deals register`: what a person states of the contract of a won deal, taken apart and handed to the engine, or
// to the running service that holds the store.
#include <algorithm>

#include "base/text.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/find_deal.h"
#include "cli/inbox.h"
#include "engine/ask_registration.h"
#include "engine/view.h"
#include "store/codec.h"

namespace cosell::cli {

namespace {

namespace stated = registration_column;

Error wrong(const std::string& option, const std::string& written, const std::string& expected) {
  return make_error(ErrorClass::config, option + " needs " + expected + ", not \"" + written + "\".");
}

Result<void> take_day(const std::string& option, const std::string& written, const char* name, Columns& given) {
  if (written.empty()) return {};
  const auto day = parse_date(written);
  if (!day) return wrong(option, written, "a day such as 2026-04-10");
  given[name] = *day;
  return {};
}

// "95000", "95,000.50 EUR"; without a currency it is the deal's.
Result<void> take_money(const std::string& option, const std::string& written, const std::string& currency,
                        const char* name, Columns& given) {
  if (written.empty()) return {};
  const std::string trimmed = text::trim(written);
  const std::size_t blank = trimmed.find(' ');
  const std::string code = blank == std::string::npos ? currency : text::trim(trimmed.substr(blank));
  const auto amount = parse_number(text::replace_all(trimmed.substr(0, blank), ",", ""));
  const auto money = amount ? money_from(*amount, code) : std::nullopt;
  if (!money) return wrong(option, written, "an amount with its currency, such as \"95000 EUR\"");
  given[name] = *money;
  return {};
}

struct Word {
  const char* written;
  Value value;
};

Result<void> take_word(const std::string& option, const std::string& written, const std::vector<Word>& words,
                       const char* name, Columns& given) {
  if (written.empty()) return {};
  std::vector<std::string> known;
  for (const Word& w : words) {
    if (text::equals_ignore_case(written, w.written)) {
      given[name] = w.value;
      return {};
    }
    known.emplace_back(w.written);
  }
  return wrong(option, written, text::join(known, " or "));
}

Result<Columns> given_in(const RegisterOptions& o, const std::string& currency) {
  Columns given;
  const std::vector<Word> yes_no = {{"yes", true}, {"no", false}};
  const std::vector<Word> places = {{"customer", std::string("Customer")}, {"partner", std::string("Partner")}};
  const std::vector<Word> prices = {{"pay-as-you-go", std::string("PayAsYouGo")}, {"other", std::string("Other")}};
  for (const Result<void>& taken :
       {take_money("--value", o.value, currency, stated::value, given),
        take_money("--solution-value", o.solution_value, currency, stated::solution_value, given),
        take_day("--signed", o.signed_on, stated::signed_on, given),
        take_day("--starts", o.starts, stated::starts, given), take_day("--ends", o.ends, stated::ends, given),
        take_day("--marketplace", o.marketplace, stated::marketplace_date, given),
        take_word("--on-azure", o.on_azure, yes_no, stated::on_azure, given),
        take_word("--deployed-at", o.deployed_at, places, stated::deployed_at, given),
        take_word("--pricing", o.pricing, prices, stated::pricing, given)}) {
    if (!taken) return taken.error();
  }
  if (o.perpetual) given[stated::ends] = Value{};
  if (!o.solution.empty()) given[stated::solution] = o.solution;
  return given;
}

PairAnswer register_pair(Session& session, const PairConfig& config, const RegisterOptions& options) {
  DealCommand command{options.cancel ? "register-cancel" : "register"};
  command.only_looks = options.dry_run && !options.cancel;
  command.complete = [&](const engine::Pair& pair, const store::DealRow& row, Object& arguments) -> Result<void> {
    auto view = engine::load_view(pair, row);
    if (!view) return view.error();
    const auto* value = std::get_if<Money>(&view->partner_center.get(Field::value));
    auto given = given_in(options, value == nullptr ? "" : value->currency);
    if (!given) return given.error();
    arguments.text("registration", store::encode(*given)).flag("only_looks", options.dry_run);
    return {};
  };
  return carry_out_on_deal(session, config, options.deal, command);
}

}  // namespace

Result<std::string> register_deal(const engine::Pair& pair, DealId id, const Columns& given, bool keep) {
  auto asked = engine::ask_registration(pair, id, given, keep);
  if (!asked) {
    Error refused = asked.error();
    refused.message += " All that can be stated: cosell deals register --help";
    return refused;
  }
  const std::string what = asked->correction ? "its registration is corrected" : "it is registered with Microsoft";
  std::string text = asked->title + ": " + what + " with the next sync" +
                     (keep ? " (cosell sync)." : ", if it is asked without --dry-run. Nothing was kept.");
  for (const std::string& name : registration_columns()) {
    const auto it = asked->changes.find(name);
    const bool shown = it != asked->changes.end() && (!is_blank(it->second) || name == stated::ends);
    if (!shown) continue;
    text += "\n  " + padded(label_of_column(name), 32) +
            (is_blank(it->second) ? "no end (perpetual)" : display(it->second));
  }
  for (const Objection& o : asked->objections) text += "\n  Note: " + o.text + " (" + o.rule + ").";
  return text;
}

Result<std::string> cancel_registration(const engine::Pair& pair, DealId id) {
  auto title = engine::forget_registration(pair, id);
  if (!title) return title.error();
  return *title + ": the registration is not sent.";
}

int deals_register_command(Session& session, const RegisterOptions& options) {
  if (options.perpetual && !options.ends.empty()) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "A contract has an end (--ends) or none (--perpetual), not both."))
        .code;
  }
  if (options.cancel && options.dry_run) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config,
                             "--cancel forgets at once; leave out --dry-run, or look first with: "
                             "cosell deals show " +
                                 options.deal))
        .code;
  }
  return for_each_pair(session, pair_that_knows(session, options.pair, options.deal),
                       [&](const PairConfig& config) { return register_pair(session, config, options); });
}

}  // namespace cosell::cli
