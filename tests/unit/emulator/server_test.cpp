// The HTTP shell: what only happens on a real connection.
#include "connectors/emulator/server.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/curl_transport.h"
#include "net/gzip.h"
#include "tests/unit/emulator/ledger_core.h"

namespace cosell::emulator {
namespace {

using testing::body_of;
using testing::LedgerCore;
using testing::request_of;

struct Fetched {
  CURLcode result = CURLE_OK;
  long status = 0;
  std::string body;
};

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

struct Upload {
  std::string_view rest;
};

std::size_t feed(char* buffer, std::size_t size, std::size_t count, void* from) {
  auto* upload = static_cast<Upload*>(from);
  const std::size_t length = std::min(size * count, upload->rest.size());
  upload->rest.copy(buffer, length);
  upload->rest.remove_prefix(length);
  return length;
}

Fetched fetch(const std::string& url, const std::string& method, const std::string& body = "", bool chunked = false) {
  Fetched fetched;
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "X-Test: one");
  headers = curl_slist_append(headers, "Expect:");
  Upload upload{body};
  if (chunked) {
    headers = curl_slist_append(headers, "Transfer-Encoding: chunked");
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &feed);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
  } else if (method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else {
    if (method != "GET") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &fetched.body);
  fetched.result = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &fetched.status);
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  return fetched;
}

class EmulatorServer : public ::testing::Test {
 protected:
  EmulatorServer() {
    Result<std::unique_ptr<Server>> started = Server::start(sandboxed_, 0);
    if (started) server_ = std::move(*started);
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  std::string url(const std::string& path) const { return server_->base_url() + path; }
  void control(const std::string& verb, const Json& body) {
    ASSERT_EQ(sandboxed_.handle(request_of("POST", "/_sandbox/" + verb, write_json(body))).response.status, 200);
  }
  void script(const Json& action) { control("faults", Json::array({Json{{"action", action}}})); }
  int served() { return body_of(sandboxed_.handle(request_of("GET", "/_sandbox/stats")).response)["total"].get<int>(); }

  SystemClock real_;
  SandboxClock clock_{real_};
  Sandboxed sandboxed_{std::make_unique<LedgerCore>(), clock_, 42};
  std::unique_ptr<Server> server_;
};

TEST_F(EmulatorServer, CarriesMethodUrlHeadersAndBodyUnchanged) {
  const Fetched made = fetch(url("/items"), "POST", "first");
  EXPECT_EQ(made.status, 201);
  const Fetched read = fetch(url("/items/a%20b?$filter=x%20eq%20'1'&y=%2F"), "GET");
  EXPECT_EQ(read.status, 404);
  EXPECT_EQ(Json::parse(read.body), (Json{{"url", "/items/a%20b?$filter=x%20eq%20'1'&y=%2F"}, {"header", "one"}}));
}

TEST_F(EmulatorServer, TakesHeadUnknownMethodsChunkedBodiesAndLongUrls) {
  EXPECT_EQ(fetch(url("/items"), "HEAD").status, 200);
  EXPECT_EQ(fetch(url("/items"), "BREW", "x").status, 200);
  EXPECT_EQ(fetch(url("/items"), "POST", std::string(300'000, 'x'), true).status, 201);
  EXPECT_EQ(Json::parse(fetch(url("/items/all"), "GET").body)[0].get<std::string>().size(), 300'000U);
  const Fetched long_url = fetch(url("/items/7?q=" + std::string(60'000, 'q')), "GET");
  EXPECT_EQ(long_url.status, 404);
}

TEST_F(EmulatorServer, RefusesABodyOverSixteenMebibytes) {
  EXPECT_EQ(fetch(url("/items"), "POST", std::string((16U << 20) + 1, 'x')).status, 413);
  EXPECT_EQ(fetch(url("/items"), "POST", std::string(16U << 20, 'x')).status, 201);
}

TEST_F(EmulatorServer, DropsTheConnectionAfterApplying) {
  script(Json{{"kind", "drop_after"}});
  const Fetched dropped = fetch(url("/items"), "POST", "a");
  EXPECT_EQ(dropped.result, CURLE_GOT_NOTHING);
  EXPECT_EQ(fetch(url("/items"), "GET").body, R"({"count":1})");
}

TEST_F(EmulatorServer, CutsABodyShort) {
  script(Json{{"kind", "truncate"}, {"bytes", 5}});
  const Fetched cut = fetch(url("/items"), "GET");
  EXPECT_EQ(cut.result, CURLE_PARTIAL_FILE);
  EXPECT_EQ(cut.body, R"({"cou)");
}

// The bridge's own transport against answers in gzip, whole and cut short.
TEST_F(EmulatorServer, AnswersInGzipWhoeverTakesIt) {
  const std::string text(50'000, 'x');
  fetch(url("/items"), "POST", text);
  net::CurlTransport transport;
  net::Exchange ask;
  ask.request.method = "GET";
  ask.request.url = url("/items/all");
  ask.timeout = seconds(20);
  const net::Reply packed = transport.exchange(ask);
  ASSERT_TRUE(packed.response) << packed.response.error().message;
  EXPECT_EQ(packed.response->headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.response->body, "[\"" + text + "\"]");
  EXPECT_LT(std::stoul(packed.response->headers.get("Content-Length")), text.size() / 10);

  ask.request.headers.set("Accept-Encoding", "gzip;q=0, identity");
  const net::Reply plain = transport.exchange(ask);
  ASSERT_TRUE(plain.response);
  EXPECT_EQ(plain.response->headers.get("Content-Encoding"), "");
  EXPECT_EQ(plain.response->body, packed.response->body);

  ask.request.headers.set("Accept-Encoding", "deflate, gzip");
  script(Json{{"kind", "truncate"}, {"bytes", 40'000}});
  const net::Reply cut = transport.exchange(ask);
  ASSERT_FALSE(cut.response);
  EXPECT_EQ(cut.response.error().kind, ErrorClass::transient) << "it only reads, and the connection broke off";
}

TEST_F(EmulatorServer, UnpacksBodiesOnlyWhereTheSystemIsSaidToTakeThem) {
  http::Headers gzip;
  gzip.set("Content-Encoding", "gzip");
  const std::string packed = net::gzipped("first");
  net::CurlTransport transport;
  for (const bool takes : {true, false}) {
    auto core = std::make_unique<LedgerCore>();
    core->takes_gzip = takes;
    Sandboxed sandboxed(std::move(core), clock_, 1);
    auto server = Server::start(sandboxed, 0);
    ASSERT_TRUE(server);
    net::Exchange leave;
    leave.request = {"POST", (*server)->base_url() + "/items", gzip, packed};
    leave.timeout = seconds(20);
    const net::Reply answer = transport.exchange(leave);
    ASSERT_TRUE(answer.response);
    EXPECT_EQ(Json::parse(answer.response->body)["size"], takes ? 5U : packed.size());
  }
}

TEST_F(EmulatorServer, NamesThePortThatIsTaken) {
  const Result<std::unique_ptr<Server>> second = Server::start(sandboxed_, server_->port());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorClass::config);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
  EXPECT_FALSE(Server::start(sandboxed_, 70'000).has_value());
}

TEST_F(EmulatorServer, GivesThePortBackWhenItStops) {
  const int port = server_->port();
  EXPECT_EQ(fetch(url("/items"), "GET").status, 200);
  server_.reset();
  const Result<std::unique_ptr<Server>> again = Server::start(sandboxed_, port);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->port(), port);
}

// All requests reach the core while none is answered yet, so their waits overlap; stopping the server ends the
// waits long before their ten minutes are over.
TEST_F(EmulatorServer, WaitsOfManyClientsOverlap) {
  constexpr int kClients = 32;
  control("settings", Json{{"latency_ms", 600'000}});
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([this, &answered] {
      fetch(url("/items"), "POST", "x");
      ++answered;
    });
  }
  while (served() < kClients) std::this_thread::yield();
  EXPECT_EQ(answered, 0);
  server_.reset();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, kClients);
}

}  // namespace
}  // namespace cosell::emulator
