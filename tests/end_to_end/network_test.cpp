// The program in a company's network: TLS that is inspected under an authority of the company's own, and a proxy that
// wants a login or does not let everything through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sandbox.h"
#include "tests/unit/net/test_server.h"
#include "tls_front.h"

namespace cosell::end_to_end {
namespace {

using net::testing::Connection;
using net::testing::Identity;
using net::testing::make_identity;
using net::testing::TestServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string replaced_everywhere(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

void set_network(const Sandbox& sandbox, const Json& network) {
  Json configuration = Json::parse(read_text(sandbox.config()));
  configuration["network"] = network;
  write_text(sandbox.config(), configuration.dump(2));
}

// "FILE:LINE:" of the first line that holds `text`.
std::string place_of(const std::string& file, const std::string& text) {
  const std::string all = read_text(file);
  const std::size_t at = all.find(text);
  EXPECT_NE(at, std::string::npos) << text;
  return file + ":" + std::to_string(1 + std::count(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
         ":";
}

// ---- TLS

class OwnAuthority : public ::testing::TestWithParam<const char*> {
 protected:
  OwnAuthority() {
    write_text(sandbox.config(),
               replaced_everywhere(replaced_everywhere(read_text(sandbox.config()), sandbox.crm.url, crm.url()),
                                   sandbox.partner_center.url, partner_center.url()));
    net::testing::write_certificate(sandbox.folder->file("authority.pem"), authority);
  }

  const Identity authority = make_identity({"cosell test authority", -3600, 3600, true}, nullptr);
  const Identity server = make_identity({}, &authority);
  const Sandbox sandbox{{10, {}, "", GetParam()}};
  const TlsFront crm{sandbox.crm.url, server};
  const TlsFront partner_center{sandbox.partner_center.url, server};
};

TEST_P(OwnAuthority, IsTrustedByEveryRequestWhenTheConfigurationNamesIt) {
  const Ended without = sandbox.cosell({"sync"});
  EXPECT_EQ(without.code, 3) << without.out << without.err;
  EXPECT_THAT(without.err, AllOf(HasSubstr("The certificate of 127.0.0.1 is not trusted"),
                                 HasSubstr("\"network\": { \"ca_bundle\"")));
  EXPECT_EQ(crm.requests() + partner_center.requests(), 0);

  set_network(sandbox, Json{{"ca_bundle", "authority.pem"}});
  const Ended check = sandbox.cosell({"check"});
  EXPECT_EQ(check.code, 0) << check.out << check.err;
  EXPECT_THAT(check.out, HasSubstr("✓ Authorities: " + sandbox.folder->file("authority.pem") + ", 1 certificate"));
  const Json sync = sandbox.answer({"sync"});
  EXPECT_GT(sync["done"]["partner_center.referral.create"], 0) << sync.dump(1);
  EXPECT_GT(crm.requests(), 0);
  EXPECT_GT(partner_center.requests(), 0);

  sandbox.partner_center.set("device_code_auto_approve", true);
  sandbox.partner_center.set("device_code_interval_seconds", 1);
  const int before = partner_center.requests();
  const Ended login = sandbox.cosell({"login", "partner-center"});
  EXPECT_EQ(login.code, 0) << login.out << login.err;
  EXPECT_GT(partner_center.requests(), before);
}

TEST_P(OwnAuthority, ThatIsNotWhereTheConfigurationSaysIsToldWithItsLine) {
  set_network(sandbox, Json{{"ca_bundle", "authorty.pem"}});
  const std::string wanted = sandbox.folder->file("authorty.pem") + " does not exist";
  for (const Arguments& arguments : std::vector<Arguments>{{"sync"}, {"login", "partner-center"}}) {
    const Ended ended = sandbox.cosell(arguments);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, AllOf(HasSubstr(place_of(sandbox.config(), "\"ca_bundle\"")), HasSubstr(wanted)));
  }
  const Ended check = sandbox.cosell({"check"});
  EXPECT_EQ(check.code, 2);
  EXPECT_THAT(check.out, AllOf(HasSubstr("✗ Authorities: " + sandbox.config()), HasSubstr(wanted)));

  write_text(sandbox.folder->file("authorty.pem"), "not a certificate");
  EXPECT_THAT(sandbox.cosell({"sync"}).err, HasSubstr("holds no certificate in PEM form"));
  EXPECT_EQ(sandbox.cosell({"status"}).code, 0) << "who only looks needs no network";
}

INSTANTIATE_TEST_SUITE_P(EveryCrm, OwnAuthority, ::testing::Values("salesforce", "dynamics365"));

// ---- a proxy

// Both sides are on other machines, which only a proxy reaches.
class BehindAProxy : public ::testing::Test {
 protected:
  BehindAProxy() {
    Json configuration = Json::parse(read_text(sandbox.config()));
    configuration.erase("sandbox");  // its clock is on this machine
    write_text(sandbox.config(),
               replaced_everywhere(replaced_everywhere(configuration.dump(2), sandbox.crm.url, "https://crm.example"),
                                   sandbox.partner_center.url, "https://partner-center.example"));
  }

  // Answers every request with this, and remembers what it was asked.
  std::unique_ptr<TestServer> proxy_that_answers(const std::string& head) {
    return std::make_unique<TestServer>([this, head](Connection& c) {
      for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
        const std::lock_guard lock(mutex_);
        asked_ += request;
        c.write(head + "\r\nContent-Length: 0\r\n\r\n");
      }
    });
  }
  std::string asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  Ended cosell_with(const std::map<std::string, std::string>& environment, Arguments arguments) const {
    arguments.insert(arguments.end(), {"--config", sandbox.config()});
    ProcessOptions options;
    options.environment = environment;
    return run_cosell(arguments, options);
  }

  const Sandbox sandbox{{2, {}, ""}};

 private:
  std::mutex mutex_;
  std::string asked_;
};

constexpr const char* wants_login =
    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"";

TEST_F(BehindAProxy, ThatWantsALoginIsNamedWithWhatToDo) {
  const auto proxy = proxy_that_answers(wants_login);
  set_network(sandbox, Json{{"proxy", proxy->url("")}});
  const Ended sync = sandbox.cosell({"sync"});
  EXPECT_EQ(sync.code, 2) << sync.out << sync.err;
  EXPECT_THAT(sync.err, AllOf(HasSubstr("The proxy " + proxy->url("") +
                                        " (\"network\" in the configuration) wants a "
                                        "login before it lets crm.example through"),
                              HasSubstr("\"proxy_user\""), HasSubstr("\"proxy_password\"")));
  EXPECT_THAT(asked(), AllOf(HasSubstr("CONNECT crm.example:443"), Not(HasSubstr("Proxy-Authorization"))));
  const Ended check = sandbox.cosell({"check"});
  EXPECT_THAT(check.out, AllOf(HasSubstr("✓ Proxy: " + proxy->url("") + " (\"network\" in the configuration)"),
                               HasSubstr("wants a login")));
  EXPECT_THAT(sandbox.cosell({"status"}).out, HasSubstr("wants a login"));
}

TEST_F(BehindAProxy, ThatDoesNotAcceptTheLoginIsAskedOnceAndThePasswordIsNeverShown) {
  const auto proxy = proxy_that_answers(wants_login);
  write_text(sandbox.folder->file("secrets/proxy_password"), "hush-hush-4711\n");
  ::chmod(sandbox.folder->file("secrets/proxy_password").c_str(), 0600);
  set_network(
      sandbox,
      Json{{"proxy", proxy->url("")}, {"proxy_user", "cosell"}, {"proxy_password", "file:secrets/proxy_password"}});
  const Ended login = sandbox.cosell({"--verbose", "login", "partner-center"});
  EXPECT_EQ(login.code, 2) << login.out << login.err;
  EXPECT_THAT(login.err, HasSubstr("does not accept the login that it was given"));
  EXPECT_THAT(asked(), HasSubstr("Proxy-Authorization: Basic Y29zZWxsOmh1c2gtaHVzaC00NzEx")) << "the login is sent";
  const std::string all = asked();
  EXPECT_EQ(all.find("Proxy-Authorization"), all.rfind("Proxy-Authorization")) << "and not again";
  for (const Ended& ended : {login, sandbox.cosell({"--verbose", "check"}), sandbox.cosell({"--verbose", "sync"}),
                             sandbox.cosell({"status", "--json"})}) {
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("hush-hush")));
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("Y29zZWxsOm")));
  }

  ::chmod(sandbox.folder->file("secrets/proxy_password").c_str(), 0644);
  EXPECT_THAT(sandbox.cosell({"check"}).out, AllOf(HasSubstr("✗ Proxy: network.proxy_password"), HasSubstr("chmod")));
}

TEST_F(BehindAProxy, OfTheEnvironmentCountsAndItsPasswordIsNotShown) {
  const auto proxy = proxy_that_answers("HTTP/1.1 403 Forbidden");
  const std::string address = proxy->url("");
  const std::string with_login = "http://someone:hush-hush-4711@" + address.substr(7);
  const Ended sync = cosell_with({{"https_proxy", with_login}}, {"--verbose", "sync"});
  EXPECT_EQ(sync.code, 2) << sync.out << sync.err;
  EXPECT_THAT(sync.err, HasSubstr("The proxy " + address +
                                  " (https_proxy in the environment) does not let crm.example "
                                  "through (it answered 403)"));
  EXPECT_THAT(asked(), HasSubstr("Proxy-Authorization: Basic")) << "as libcurl does it";
  const Ended check =
      cosell_with({{"https_proxy", with_login}, {"no_proxy", "elsewhere.example"}}, {"--verbose", "check"});
  EXPECT_THAT(check.out,
              HasSubstr("✓ Proxy: " + address + " (https_proxy in the environment); not for elsewhere.example"));
  for (const Ended& ended : {sync, check}) EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("hush-hush")));
}

TEST_F(BehindAProxy, IsNotAskedForWhatNoProxyNames) {
  const auto proxy = proxy_that_answers(wants_login);
  set_network(sandbox, Json{{"proxy", proxy->url("")}});
  const Ended login = cosell_with({{"no_proxy", ".example"}}, {"login", "partner-center"});
  EXPECT_EQ(login.code, 3) << login.out << login.err;
  EXPECT_THAT(login.err, AllOf(HasSubstr("partner-center.example"), Not(HasSubstr("The proxy"))));
  EXPECT_EQ(proxy->connections(), 0);
}

TEST_F(BehindAProxy, ThatDoesNotRunIsNamed) {
  const std::string address = "http://127.0.0.1:" + std::to_string(net::testing::free_port());
  set_network(sandbox, Json{{"proxy", address}});
  const Ended login = sandbox.cosell({"login", "partner-center"});
  EXPECT_EQ(login.code, 3) << login.out << login.err;
  EXPECT_THAT(login.err, HasSubstr("The proxy " + address + " (\"network\" in the configuration) cannot be reached"));
}

}  // namespace
}  // namespace cosell::end_to_end
