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
    f.text = "ended on " + on + ".";
  } else if (days_left > days_warned) {
    f.text = "good until " + on + end.unless;
    return out;
  } else {
    f.level = Level::warning;
    f.text = days_left <= 0 ? "ends today" + end.unless + "."
                            : "ends on " + on + ", in " + text::count_of(static_cast<std::size_t>(days_left), "day") +
                                  end.unless + ".";
  }
  f.remedy = end.remedy;
  return out;
}

}  // namespace

std::vector<LoginEnd> login_ends(const LoginFacts& facts, const std::optional<net::StoredToken>& saved, Instant now) {
  std::vector<LoginEnd> ends;
  if (facts.certificate_ends) {
    ends.push_back(told({"Certificate of the login", date_of(*facts.certificate_ends), *facts.certificate_ends <= now,
                         "", "Make a new certificate, give it to the app, and put certificate and key in place."},
                        now));
  }
  if (facts.client_secret_expires) {
    ends.push_back(told(
        {"Client secret of the login", *facts.client_secret_expires, date_of(now) > *facts.client_secret_expires, "",
         "Make a new client secret in Microsoft Entra, put it in place, and write its date as "
         "\"client_secret_expires\"."},
        now));
  }
  if (facts.saved_login_life && saved && saved->renewed_at) {
    const Instant end = *saved->renewed_at + *facts.saved_login_life;
    ends.push_back(told({"Saved login", date_of(end), end <= now, ", if the bridge does not use it",
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
