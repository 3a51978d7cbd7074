// Starting a command, and running it pair by pair.
#include "cli/session.h"

#include <algorithm>

#include "base/text.h"
#include "cli/exit.h"
#include "cli/sandbox_clock.h"
#include "net/curl_transport.h"

namespace cosell::cli {

std::optional<int> Session::start(const std::string& config_file) {
  const auto fail = [this](const Error& error) { return failed(*this, nullptr, error).code; };
  const auto file = find_config(config_file);
  if (!file) return fail(file.error());
  const auto text = read_text_file(*file);
  if (!text) return fail(text.error());
  ReadConfig read = read_config(*file, *text);
  if (!read.config) {
    return fail(make_error(ErrorClass::config, text::join(read.problems, "\n")));
  }
  config = std::move(*read.config);
  config.fingerprint = text::sha256_hex(*text);
  if (output.options().verbose) log = make_log(output.err_stream());
  if (config.sandbox_clock.empty()) return std::nullopt;
  const bool all_here =
      std::all_of(config.pairs.begin(), config.pairs.end(), [](const PairConfig& p) { return p.on_this_machine; });
  if (!all_here) {
    output.note("The sandbox's clock is not followed: not every address is on this machine.");
    return std::nullopt;
  }
  net::CurlOptions network;
  network.ca_bundle = config.network.ca_bundle;  // the clock is on this machine, where no proxy is used
  clock_transport_ = std::make_unique<net::CurlTransport>(std::move(network));
  followed_ = std::make_unique<FollowedClock>(system_clock_, *clock_transport_, config.sandbox_clock);
  clock_ = followed_.get();
  return std::nullopt;
}

PairAnswer failed(Session& session, const PairConfig* pair, const Error& error) {
  PairAnswer answer = failed_part(session, pair, error);
  if (pair == nullptr && session.output.options().json) session.output.json(answer.json);
  return answer;
}

PairAnswer failed_part(Session& session, const PairConfig* pair, const Error& error) {
  PairAnswer answer;
  answer.code = exit_code_of(error.kind);
  if (session.output.options().json) {
    answer.json.set("error", json_of(error));
    if (pair != nullptr) return answer;
  }
  const std::string place = pair != nullptr && session.config.pairs.size() > 1 ? pair->name + ": " : "";
  std::string message = place + error.message;
  const bool said_by_a_side = error.kind != ErrorClass::store_busy && error.kind != ErrorClass::store_damaged;
  if (said_by_a_side && !error.detail.empty() && error.message.find(error.detail) == std::string::npos) {
    message += "\n  It said: " + error.detail;
  }
  if (!error.request_id.empty()) message += "\n  Request id: " + error.request_id;
  session.output.error(message);
  return answer;
}

namespace {

// Returns the exit code with what only came up now.
int print_answers(Output& output, const std::vector<std::pair<std::string, PairAnswer>>& answers, int code) {
  JsonDocument document(output);
  document.begin_list("pairs");
  for (const auto& [pair, answer] : answers) {
    document.begin_item();
    json::Value one = Object().text("pair", pair).done();
    for (const json::Member& m : answer.json.members()) one.set(m.key, m.value);
    for (const json::Member& m : one.members()) document.member(m.key, m.value);
    if (answer.rows) {
      document.begin_list(answer.rows->name);
      const auto found = answer.rows->find([&](const json::Value& row) { document.item(row); });
      document.end();
      if (!found) document.member("error", json_of(found.error()));
      if (!found) code = worse(code, exit_code_of(found.error().kind));
    }
    document.end();
  }
  document.end();
  document.member("exit_code", json::Value::integer(code));
  return code;
}

}  // namespace

int for_each_pair(Session& session, const Result<std::string>& which,
                  const std::function<PairAnswer(const PairConfig&)>& work, PairName named) {
  if (!which) return failed(session, nullptr, which.error()).code;
  const std::string& pair = *which;
  if (!pair.empty() && session.config.find(pair) == nullptr) {
    const auto names = session.config.names();
    const std::string near = text::nearest(pair, names);
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "There is no pair \"" + pair + "\"; " +
                                                     (near.empty() ? "there are: " + text::join(names, ", ")
                                                                   : "did you mean " + near + "?")))
        .code;
  }
  int code = exit_done;
  std::vector<std::pair<std::string, PairAnswer>> answers;
  bool said = false;
  for (const PairConfig& config : session.config.pairs) {
    if (!pair.empty() && config.name != pair) continue;
    const bool several = session.config.pairs.size() > 1 && pair.empty();
    if (several && named == PairName::heading) session.output.line(session.output.styled(config.name, Style::strong));
    PairAnswer answer = work(config);
    code = worse(code, answer.code);
    said = said || answer.is_said;
    answers.emplace_back(config.name, std::move(answer));
    if (SystemClock::interrupted()) break;
  }
  if (session.output.options().json && !said) code = print_answers(session.output, answers, code);
  return code;
}

}  // namespace cosell::cli
