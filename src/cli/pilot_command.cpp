// `cosell check --pilot`: after asking, one private test deal on Partner Center, by which the answers to what its
// documents leave open are learnt, shown and kept.
#include <iostream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/learned.h"
#include "cli/workplace.h"

namespace cosell::cli {

namespace {

// The deal as the mapping would complete an empty opportunity, so that constants need not be given twice.
PilotDeal pilot_deal(const mapping::Mapping& mapping, const PilotOptions& options, Date today) {
  const Deal complete = mapping.complete_for_create(Deal(), {}, today);
  PilotDeal deal;
  deal.location = options.location.empty() ? complete.text(Field::location) : options.location;
  deal.solution = options.solution;
  deal.close_date = add_days(today, 90);
  return deal;
}

bool is_agreed(Session& session, const std::string& title, const PilotOptions& options) {
  if (options.yes) return true;
  // Also with --quiet: whoever is waited for has to know.
  session.output.error("This makes one private deal in " + title +
                       " (nobody at Microsoft sees it), changes it a few "
                       "times, and closes it as lost. It stays there as a closed deal. Go on? [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  answer = text::lower_ascii(text::trim(answer));
  return answer == "y" || answer == "yes";
}

void show_report(Output& output, const PilotReport& report) {
  for (const PilotAnswer& a : report.answers) {
    const std::string setting = a.setting.empty() ? "" : "  (" + a.setting + ": " + json::write(a.value) + ")";
    output.line("  " + a.question + " " + output.styled(a.answer, Style::strong) + setting);
  }
  if (!report.record.empty()) {
    output.line("  The test deal " + report.record +
                (report.closed ? " is closed again: " : " is NOT closed. Close it by hand: ") + report.link);
  }
}

json::Value json_of_report(const PilotReport& report, const std::string& file) {
  json::Value answers = json::Value::array();
  for (const PilotAnswer& a : report.answers) {
    Object o;
    o.text("question", a.question).text("answer", a.answer);
    if (!a.setting.empty()) o.text("setting", a.setting).value("value", a.value);
    answers.append(o.done());
  }
  Object o;
  o.text("record", report.record).flag("closed", report.closed).value("answers", std::move(answers));
  if (!report.trouble.empty()) o.text("trouble", report.trouble);
  if (!file.empty()) o.text("kept_in", file);
  return o.done();
}

PairAnswer pilot_pair(Session& session, const PairConfig& config, const PilotOptions& options) {
  auto place = Workplace::make(session, config, Workplace::Login::needed);
  if (!place) return failed(session, &config, place.error());
  engine::Pair& pair = (*place)->pair();
  const System& system = (*place)->system(store::Side::partner_center);
  const PilotDeal deal = pilot_deal(*pair.mapping, options, date_of(session.clock().now()));
  if (deal.location.empty() || deal.solution.empty()) {
    return failed(session, &config,
                  make_error(ErrorClass::config, deal.solution.empty()
                                                     ? "Name one of your published solutions: --solution SOL-…"
                                                     : "Name the PartnerID location that may own the deal: --location "
                                                       "1234567"));
  }
  PairAnswer answer;
  if (!is_agreed(session, system.display_name, options)) {
    session.output.line("Nothing was made.");
    return answer;
  }
  Call call = pair.call(store::Side::partner_center);
  const auto part = with_learned(config.partner_center, config.store);
  if (!part) return failed(session, &config, part.error());
  const auto report = system.pilot(call, *part, (*place)->surroundings(store::Side::partner_center, true), deal);
  if (!report) return failed(session, &config, report.error());
  std::string file;
  if (!report->answers.empty()) {
    if (auto kept = keep_learned(config.store, *report, to_string_seconds(session.clock().now())); !kept) {
      return failed(session, &config, kept.error());
    }
    file = learned_file(config.store);
  }
  show_report(session.output, *report);
  if (!file.empty()) {
    session.output.line("Kept in " + file + " and used from now on; what you set in " + session.config.file +
                        " counts more.");
  }
  if (!report->trouble.empty()) session.output.error(report->trouble);
  answer.json.set("pilot", json_of_report(*report, file));
  if (!report->closed) answer.code = exit_failures;
  if (!report->trouble.empty()) answer.code = worse(answer.code, exit_code_of(report->trouble_kind));
  return answer;
}

}  // namespace

int pilot_command(Session& session, const std::string& pair, const PilotOptions& options) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return pilot_pair(session, config, options); });
}

}  // namespace cosell::cli
