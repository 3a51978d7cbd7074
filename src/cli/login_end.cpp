// The three ways in which a login ends, each in words.
#include "cli/login_end.h"

#include "base/text.h"
#include "cli/workplace.h"

namespace cosell::cli {

namespace {

using Level = Finding::Level;

struct End {
  std::string what;
  Date day;            // the last one
  bool over;           // nobody can log in any more
  std::string which;   // "" or "the one in the file …, "
  std::string unless;  // "" or what puts it off
  std::string remedy;
};

LoginEnd told(const End& end, Instant now) {
  LoginEnd out;
  out.day = end.day;
  Finding& f = out.finding;
  f.what = end.what;
  const std::string on = to_string(end.day);
  const std::int64_t days_left = days_between(date_of(now), end.day);
  if (end.over) {
    f.level = Level::problem;
    f.text = end.which + "ended on " + on + ".";
  } else if (days_left > days_warned) {
    f.text = "good until " + on + end.unless;
    return out;
  } else {
    f.level = Level::warning;
    f.text = days_left <= 0 ? end.which + "ends today" + end.unless + "."
                            : end.which + "ends on " + on + ", in " +
                                  text::count_of(static_cast<std::size_t>(days_left), "day") + end.unless + ".";
  }
  f.remedy = end.remedy;
  return out;
}

LoginEnd end_of_certificate(const LoginFacts& facts, Instant now) {
  const std::string which = "the one in " + facts.certificate_place + " ";
  const auto [starts, ends] = *facts.certificate;
  LoginEnd end = told({"Certificate of the login", date_of(ends), ends <= now, which, "",
                       "Make a new certificate, give it to the app, and put certificate and key in place."},
                      now);
  end.kind = ErrorClass::config;
  if (now < starts) {
    end.finding.level = Level::problem;
    end.finding.text = which + "counts only from " + to_string(date_of(starts)) + ".";
    end.finding.remedy = "Switch on this machine's time synchronisation if it is behind, or wait until then.";
  }
  return end;
}

}  // namespace

std::vector<LoginEnd> login_ends(const LoginFacts& facts, const std::optional<net::StoredToken>& saved, Instant now) {
  std::vector<LoginEnd> ends;
  if (facts.certificate) ends.push_back(end_of_certificate(facts, now));
  if (facts.client_secret_expires) {
    ends.push_back(told({"Client secret of the login", *facts.client_secret_expires,
                         date_of(now) > *facts.client_secret_expires, "", "",
                         "Make a new client secret in Microsoft Entra, put it in place, and write its date as "
                         "\"client_secret_expires\"."},
                        now));
  }
  if (facts.saved_login_life && saved && saved->renewed_at) {
    const Instant end = *saved->renewed_at + *facts.saved_login_life;
    ends.push_back(told({"Saved login", date_of(end), end <= now, "", ", if the bridge does not use it",
                         end <= now ? "Log in again: " + facts.client.login_command : "Let a sync run before then."},
                        now));
  }
  return ends;
}

Result<std::vector<LoginEnd>> login_ends(Workplace& place, store::Side side) {
  const PairConfig& config = place.config();
  const json::Value& part = side == store::Side::crm ? config.crm : config.partner_center;
  const auto facts = place.system(side).login(part, place.surroundings(side, true));
  if (!facts) return facts.error();
  std::optional<net::StoredToken> saved;
  if (place.tokens() != nullptr) {
    auto found = place.tokens()->get(facts->client.store_name);
    if (!found) return found.error();
    saved = *std::move(found);
  }
  return login_ends(*facts, saved, place.pair().clock->now());
}

}  // namespace cosell::cli
