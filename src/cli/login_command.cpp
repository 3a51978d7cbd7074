// `cosell login partner-center`: a person signs in once at Microsoft's page with a code (OAuth device flow); what comes
// of it is kept encrypted, and a running service uses it with its next cycle.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/workplace.h"
#include "net/device_login.h"

namespace cosell::cli {

namespace {

using store::Side;

PairAnswer log_in(Session& session, const PairConfig& config) {
  auto made = Workplace::make(session, config, Workplace::Login::being_made, Workplace::MappingUsed::shipped);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  if (place.tokens() == nullptr) {
    return failed(session, &config,
                  make_error(ErrorClass::config,
                             "A login must be kept somewhere: add \"tokens\": { \"file\": …, \"key\": … } to " +
                                 session.config.file + "."));
  }
  auto facts = partner_center_system().login(config.partner_center, place.surroundings(Side::partner_center, true));
  if (!facts) return failed(session, &config, facts.error());
  Surroundings surroundings = place.surroundings(Side::partner_center, true);
  const net::Lane lane{place.pair().title(Side::partner_center), surroundings.transport, session.clock(),
                       surroundings.random, &surroundings.meter};
  auto token = net::log_in_with_code({facts->client, facts->client_secret}, lane,
                                     [&](const std::string& what_to_do) { session.output.note(what_to_do); });
  if (!token) return failed(session, &config, token.error());
  if (auto kept = place.tokens()->put(facts->client.store_name, *token); !kept) {
    return failed(session, &config, kept.error());
  }
  session.output.line("Logged in to " + place.pair().title(Side::partner_center) + " for the pair " + config.name +
                      ". A running cosell goes on by itself.");
  PairAnswer answer;
  answer.json.set("logged_in", json::Value::boolean(true));
  return answer;
}

}  // namespace

int login_command(Session& session, const std::string& side, const std::string& pair) {
  if (text::replace_all(side, "-", "_") != partner_center_system().name) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config,
                             "Only partner-center takes a login by a person here; the CRM's login is "
                             "in the configuration, under \"crm\": { \"login\": … }."))
        .code;
  }
  if (pair.empty() && session.config.pairs.size() > 1) {
    return failed(
               session, nullptr,
               make_error(ErrorClass::config, "There are several pairs; say which: cosell login partner-center PAIR (" +
                                                  text::join(session.config.names(), ", ") + ")"))
        .code;
  }
  return for_each_pair(session, pair, [&](const PairConfig& config) { return log_in(session, config); });
}

}  // namespace cosell::cli
