// `cosell login partner-center`: a person signs in once at Microsoft's page, with a code that is entered there, or in a
// browser that is sent back here; what comes of it is kept encrypted, and a running service uses it with its next
// cycle.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/landing.h"
#include "cli/workplace.h"
#include "net/browser_login.h"
#include "net/device_login.h"

namespace cosell::cli {

namespace {

using store::Side;

constexpr Duration kLongestSignIn = minutes(15);
constexpr Duration kLook = milliseconds(200);
constexpr std::size_t kLongestLine = 16U << 10;

Result<net::StoredToken> log_in_with_code(Session& session, const net::PersonLogin& login, const net::Lane& lane) {
  return net::log_in_with_code(login, lane, [&](const std::string& what_to_do) {
    session.output.error(what_to_do);  // also with --quiet
    session.output.note(
        "Where that page says that you may not access this (error 53003), your organisation lets nobody "
        "sign in with a code. End this with Ctrl-C, and take: " +
        login.client.login_command + " --browser");
  });
}

// Lines that a person types or pastes, without waiting for one.
class TypedLines {
 public:
  // The next whole line; "" while there is none.
  std::string next() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (open_ && typed_.find('\n') == std::string::npos && ::poll(&input, 1, 0) > 0) {
      std::array<char, 1024> part;
      const ssize_t read = ::read(STDIN_FILENO, part.data(), part.size());
      open_ = read > 0 && typed_.size() < kLongestLine;
      if (read > 0) typed_.append(part.data(), static_cast<std::size_t>(read));
      if (!open_) typed_ += '\n';
    }
    const std::size_t end = typed_.find('\n');
    if (end == std::string::npos) return "";
    std::string line = text::trim(typed_.substr(0, end));
    typed_.erase(0, end + 1);
    return line;
  }

  // Once, when nothing more can come.
  bool ended_now() { return !open_ && typed_.empty() && !std::exchange(told_, true); }

 private:
  bool open_ = true;
  bool told_ = false;
  std::string typed_;
};

// The address at which the browser ended: it came by itself, or the person pasted it, from a browser on another
// machine.
Result<std::string> where_browser_ended(Session& session, const net::BrowserLogin& begun, Landing& landing,
                                        const std::string& login_command) {
  TypedLines typed;
  const Instant until = session.clock().now() + kLongestSignIn;
  while (session.clock().now() < until) {
    std::string arrived = landing.arrived();
    if (arrived.empty()) arrived = typed.next();
    if (!arrived.empty()) {
      const std::string wrong = begun.wrong_with(arrived);
      if (wrong.empty()) return arrived;
      session.output.error(wrong);
    }
    if (typed.ended_now()) {
      session.output.error("Nothing more can be pasted here; the browser has to run on this machine.");
    }
    if (!session.clock().sleep_for(kLook)) {
      return make_error(ErrorClass::cancelled, "Stopped as asked; nothing was changed.");
    }
  }
  return make_error(ErrorClass::auth_expired, "Nobody signed in in time. Log in again: " + login_command + ".");
}

Result<net::StoredToken> log_in_with_browser(Session& session, const net::PersonLogin& login, const net::Lane& lane) {
  auto landing = Landing::open();
  if (!landing) return std::move(landing.error());
  const auto begun = net::BrowserLogin::begin(login, lane, (*landing)->address());
  if (!begun) return begun.error();
  session.output.error("Open this address in a private window and sign in as the user that the bridge acts for:\n\n" +
                       begun->page() + "\n");
  session.output.error("If the browser runs on another machine, it ends at a page that cannot be reached, at " +
                       (*landing)->address() + "/?code=…: copy that address from its address bar, and paste it here:");
  const auto ended = where_browser_ended(session, *begun, **landing, login.client.login_command);
  return ended ? begun->finish(*ended) : Result<net::StoredToken>(ended.error());
}

PairAnswer log_in(Session& session, const PairConfig& config, bool by_browser) {
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
  net::PersonLogin login{facts->client, facts->client_secret};
  if (by_browser) login.client.login_command += " --browser";
  auto token = by_browser ? log_in_with_browser(session, login, lane) : log_in_with_code(session, login, lane);
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

int login_command(Session& session, const LoginOptions& options) {
  if (text::replace_all(options.side, "-", "_") != partner_center_system().name) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config,
                             "Only partner-center takes a login by a person here; the CRM's login is "
                             "in the configuration, under \"crm\": { \"login\": … }."))
        .code;
  }
  if (options.pair.empty() && session.config.pairs.size() > 1) {
    return failed(
               session, nullptr,
               make_error(ErrorClass::config, "There are several pairs; say which: cosell login partner-center PAIR (" +
                                                  text::join(session.config.names(), ", ") + ")"))
        .code;
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& config) { return log_in(session, config, options.by_browser); });
}

}  // namespace cosell::cli
