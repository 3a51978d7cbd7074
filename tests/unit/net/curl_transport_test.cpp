// The real transport against a server that breaks its replies in every way.
#include "net/curl_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "net/gzip.h"
#include "net/proxy.h"
#include "tests/unit/net/test_server.h"

namespace cosell::net {
namespace {

using testing::Connection;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok;
using testing::TestServer;

Exchange exchange(const std::string& method, const std::string& url, std::string body = "") {
  Exchange e;
  e.request.method = method;
  e.request.url = url;
  e.request.body = std::move(body);
  e.timeout = seconds(20);
  return e;
}

// 200,000 times "x".
std::string gzipped_xs() {
  return text::base64_decode(
      "H4sIAAAAAAACA+3BMQEAAADCoNqLbwZ/oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA1wByAr9R"
      "QA0DAA==");
}

TEST(CurlTransport, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  std::string seen;
  TestServer server([&](Connection& c) {
    seen = c.read_request();
    c.write(ok(R"({"id":1})", "ETag: \"7\"\r\n"));
    c.hang();
  });
  CurlTransport transport;
  Exchange e = exchange("PATCH", server.url("/v1/deals?x=%20y"), R"({"a":1})");
  e.request.headers.set("Content-Type", "application/json");
  e.request.headers.set("If-Match", "\"6\"");
  const Reply reply = transport.exchange(e);
  ASSERT_TRUE(reply.response) << reply.response.error().message;
  EXPECT_TRUE(reply.sent);
  EXPECT_EQ(reply.response->status, 200);
  EXPECT_EQ(reply.response->body, R"({"id":1})");
  EXPECT_EQ(reply.response->headers.get("etag"), "\"7\"");
  EXPECT_THAT(seen, HasSubstr("PATCH /v1/deals?x=%20y HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("If-Match: \"6\"\r\n"));
  EXPECT_THAT(seen, HasSubstr("User-Agent: cosell-bridge/0.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("\r\n\r\n{\"a\":1}"));
  EXPECT_THAT(seen, Not(HasSubstr("Expect:")));
}

TEST(CurlTransport, SendsAnEmptyPostWithLengthZeroAndInventsNoContentType) {
  std::string seen;
  TestServer server([&](Connection& c) {
    seen = c.read_request();
    c.write("HTTP/1.1 204 No Content\r\n\r\n");
    c.hang();
  });
  CurlTransport transport;
  const Reply reply = transport.exchange(exchange("POST", server.url()));
  ASSERT_TRUE(reply.response);
  EXPECT_EQ(reply.response->status, 204);
  EXPECT_THAT(seen, HasSubstr("Content-Length: 0"));
  EXPECT_THAT(seen, Not(HasSubstr("Content-Type")));
}

TEST(CurlTransport, KeepsOneConnectionForManyRequests) {
  TestServer server([](Connection& c) {
    while (!c.read_request().empty()) c.write(ok("{}"));
  });
  CurlTransport transport;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(transport.exchange(exchange("GET", server.url())).response);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlTransport, ReturnsRepliesInRequestOrderWithinTheInFlightLimit) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  TestServer server([&](Connection& c) {
    for (std::string r = c.read_request(); !r.empty(); r = c.read_request()) {
      const int together = ++now;
      int seen = most;
      while (together > seen && !most.compare_exchange_weak(seen, together)) {
      }
      const std::string number = r.substr(5, r.find(' ', 5) - 5);
      // Even ones answer late, so that the order of arrival differs from the order of asking.
      if (std::stoi(number) % 2 == 0) usleep(20'000);
      --now;
      c.write(ok(number));
    }
  });
  CurlTransport transport;
  std::vector<Exchange> all;
  for (int i = 0; i < 20; ++i) all.push_back(exchange("GET", server.url("/" + std::to_string(i))));
  const std::vector<Reply> replies = transport.exchange(all, 3);
  ASSERT_EQ(replies.size(), all.size());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(replies[static_cast<std::size_t>(i)].response);
    EXPECT_EQ(replies[static_cast<std::size_t>(i)].response->body, std::to_string(i));
  }
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 2);
}

TEST(CurlTransport, LetsACallbackUseTheTransportAgain) {
  TestServer server([](Connection& c) {
    for (std::string r = c.read_request(); !r.empty(); r = c.read_request()) c.write(ok(r.substr(4, 2)));
  });
  CurlTransport transport;
  int todo = 3;
  std::vector<std::string> inner;
  int outer = 0;
  transport.stream(
      [&]() -> std::optional<Exchange> {
        if (todo == 0) return std::nullopt;
        --todo;
        return exchange("GET", server.url("/a"));
      },
      [&](std::size_t, Reply reply) {
        outer += reply.response && reply.response->body == "/a" ? 1 : 0;
        inner.push_back(transport.exchange(exchange("GET", server.url("/b"))).response->body);
      },
      [] { return 2; });
  EXPECT_EQ(outer, 3);
  EXPECT_THAT(inner, ::testing::ElementsAre("/b", "/b", "/b"));
}

TEST(CurlTransport, AsksForMoreWorkAfterEachReply) {
  TestServer server([](Connection& c) {
    while (!c.read_request().empty()) c.write(ok("{}"));
  });
  CurlTransport transport;
  int pages = 0;
  bool have_page = true;
  transport.stream(
      [&]() -> std::optional<Exchange> {
        if (!have_page) return std::nullopt;
        have_page = false;
        return exchange("GET", server.url());
      },
      [&](std::size_t, Reply) { have_page = ++pages < 4; }, [] { return 4; });
  EXPECT_EQ(pages, 4);
}

TEST(CurlTransport, ReportsALostReplyToAWriteAsUnknownAndToAReadAsTransient) {
  TestServer server([](Connection& c) { c.read_request(); });
  CurlTransport transport;
  const Reply write = transport.exchange(exchange("POST", server.url(), "{}"));
  ASSERT_FALSE(write.response);
  EXPECT_TRUE(write.sent);
  EXPECT_EQ(write.response.error().kind, ErrorClass::unknown);
  const Reply read = transport.exchange(exchange("GET", server.url()));
  ASSERT_FALSE(read.response);
  EXPECT_TRUE(read.sent);
  EXPECT_EQ(read.response.error().kind, ErrorClass::transient);
}

TEST(CurlTransport, NeverRepeatsARequestByItselfWhenAPooledConnectionDies) {
  std::atomic<int> requests{0};
  TestServer server([&](Connection& c) {
    // The first request of each connection is answered, the second is read (and applied) without an answer.
    for (int nth = 1; !c.read_request().empty(); ++nth) {
      ++requests;
      if (nth == 2) return;
      c.write(ok("{}"));
    }
  });
  CurlTransport transport;
  ASSERT_TRUE(transport.exchange(exchange("POST", server.url(), "1")).response);
  const Reply second = transport.exchange(exchange("POST", server.url(), "2"));
  ASSERT_FALSE(second.response);
  EXPECT_EQ(second.response.error().kind, ErrorClass::unknown);
  EXPECT_TRUE(second.sent);
  EXPECT_EQ(requests, 2);
  // And the next one works on a fresh connection.
  ASSERT_TRUE(transport.exchange(exchange("POST", server.url(), "3")).response);
  EXPECT_EQ(requests, 3);
}

TEST(CurlTransport, ReportsATruncatedBodyAsLost) {
  TestServer server([](Connection& c) {
    c.read_request();
    c.write("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"id\":");
  });
  CurlTransport transport;
  const Reply reply = transport.exchange(exchange("POST", server.url(), "{}"));
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::unknown);
  EXPECT_THAT(reply.response.error().message, HasSubstr("broke off"));
}

TEST(CurlTransport, ReportsATruncatedChunkedBodyAsLost) {
  TestServer server([](Connection& c) {
    c.read_request();
    c.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n1");
  });
  CurlTransport transport;
  const Reply reply = transport.exchange(exchange("GET", server.url()));
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
  EXPECT_TRUE(reply.sent);
}

TEST(CurlTransport, ReportsAStallAndASlowDripAfterTheDeadline) {
  TestServer server([](Connection& c) {
    const std::string request = c.read_request();
    if (request.find("/drip") != std::string::npos) c.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    c.hang();
  });
  CurlTransport transport;
  std::vector<Exchange> both = {exchange("POST", server.url("/stall"), "{}"),
                                exchange("POST", server.url("/drip"), "{}")};
  for (Exchange& e : both) e.timeout = milliseconds(150);
  for (const Reply& reply : transport.exchange(both, 2)) {
    ASSERT_FALSE(reply.response);
    EXPECT_TRUE(reply.sent);
    EXPECT_EQ(reply.response.error().kind, ErrorClass::unknown);
    EXPECT_THAT(reply.response.error().message, HasSubstr("longer than 150ms"));
  }
}

TEST(CurlTransport, ReportsAClosedPortAsNotSent) {
  std::string url;
  {
    url = TestServer([](Connection&) {}).url();
  }
  CurlTransport transport;
  const Reply reply = transport.exchange(exchange("POST", url, "{}"));
  ASSERT_FALSE(reply.response);
  EXPECT_FALSE(reply.sent);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
  EXPECT_THAT(reply.response.error().message, HasSubstr("127.0.0.1 cannot be reached"));
}

TEST(CurlTransport, ReportsATlsFailureAsNotSent) {
  TestServer server([](Connection& c) { c.write("this is not TLS\r\n\r\n"); });
  CurlTransport transport;
  std::string url = server.url();
  url.replace(0, 4, "https");
  const Reply reply = transport.exchange(exchange("POST", url, "{}"));
  ASSERT_FALSE(reply.response);
  EXPECT_FALSE(reply.sent);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
}

TEST(CurlTransport, RefusesPlainHttpToAnotherMachine) {
  CurlTransport transport;
  for (const char* url : {"http://example.org/x?secret=1", "http://127.0.0.1.example.org/", "http://10.0.0.1/",
                          "http://127.0.0.1@example.org/"}) {
    const Reply reply = transport.exchange(exchange("GET", url));
    ASSERT_FALSE(reply.response) << url;
    EXPECT_FALSE(reply.sent);
    EXPECT_EQ(reply.response.error().kind, ErrorClass::config);
    EXPECT_THAT(reply.response.error().message, Not(HasSubstr("secret")));
  }
}

TEST(CurlTransport, RefusesAHeaderWithALineBreak) {
  CurlTransport transport;
  Exchange e = exchange("GET", "http://127.0.0.1:1/");
  e.request.headers.set("X-Id", "1\r\nX-Evil: 2");
  EXPECT_EQ(transport.exchange(e).response.error().kind, ErrorClass::config);
}

TEST(CurlTransport, ReturnsARedirectInsteadOfFollowingIt) {
  TestServer elsewhere([](Connection& c) {
    c.read_request();
    c.write(ok("{}"));
  });
  TestServer server([&](Connection& c) {
    c.read_request();
    c.write("HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url() + "\r\nContent-Length: 0\r\n\r\n");
    c.hang();
  });
  CurlTransport transport;
  Exchange e = exchange("GET", server.url());
  e.request.headers.set("Authorization", "Bearer abc");
  const Reply reply = transport.exchange(e);
  ASSERT_TRUE(reply.response);
  EXPECT_EQ(reply.response->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(CurlTransport, StopsReadingABodyThatIsTooLarge) {
  TestServer server([](Connection& c) {
    c.read_request();
    c.write(ok(std::string(1'000'000, 'x')));
    c.hang();
  });
  CurlTransport transport;
  Exchange e = exchange("GET", server.url());
  e.max_body_bytes = 1000;
  const Reply reply = transport.exchange(e);
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response);
  EXPECT_TRUE(reply.sent);
}

TEST(CurlTransport, UnpacksGzipAndBoundsTheUnpackedSize) {
  const std::string plain(200'000, 'x');
  TestServer server([](Connection& c) {
    while (!c.read_request().empty()) c.write(ok(gzipped_xs(), "Content-Encoding: gzip\r\n"));
  });
  CurlTransport transport;
  const Reply good = transport.exchange(exchange("GET", server.url()));
  ASSERT_TRUE(good.response);
  EXPECT_EQ(good.response->body, plain);
  Exchange bomb = exchange("GET", server.url());
  bomb.max_body_bytes = 100'000;
  const Reply refused = transport.exchange(bomb);
  ASSERT_FALSE(refused.response);
  EXPECT_EQ(refused.response.error().kind, ErrorClass::bad_response);
}

// The length is right and the connection whole: only the stream itself shows that something is missing. libcurl's own
// unpacking hands out what there is.
TEST(CurlTransport, CallsGzipThatEndsTooEarlyABadResponse) {
  const std::string whole = gzipped_xs();
  for (const std::size_t keep :
       {whole.size() - 1, whole.size() - 8, whole.size() / 2, std::size_t{10}, std::size_t{1}}) {
    TestServer server([&](Connection& c) {
      c.read_request();
      c.write(ok(whole.substr(0, keep), "Content-Encoding: gzip\r\n"));
      c.hang();
    });
    CurlTransport transport;
    const Reply reply = transport.exchange(exchange("GET", server.url()));
    ASSERT_FALSE(reply.response) << keep;
    EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response) << keep;
    EXPECT_TRUE(reply.sent);
  }
}

TEST(CurlTransport, CallsABrokenOrUnaskedEncodingABadResponse) {
  std::string changed = gzipped_xs();
  changed[changed.size() - 8] = static_cast<char>(changed[changed.size() - 8] ^ 1);  // its checksum
  const std::vector<std::pair<std::string, std::string>> answers = {
      {changed, "gzip"}, {R"({"plain":1})", "gzip"}, {R"({"plain":1})", "br"}, {gzipped_xs() + "more", "gzip"}};
  for (const auto& [body, encoding] : answers) {
    TestServer server([&, b = body, e = encoding](Connection& c) {
      c.read_request();
      c.write(ok(b, "Content-Encoding: " + e + "\r\n"));
      c.hang();
    });
    CurlTransport transport;
    const Reply reply = transport.exchange(exchange("GET", server.url()));
    ASSERT_FALSE(reply.response) << encoding;
    EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response) << encoding;
  }
}

TEST(CurlTransport, AsksForGzipAndTakesEmptyAndPlainAnswersToo) {
  std::string seen;
  TestServer server([&](Connection& c) {
    seen = c.read_request();
    c.write(ok("", "Content-Encoding: gzip\r\n"));
    c.read_request();
    c.write(ok("{}", "Content-Encoding: identity\r\n"));
    c.read_request();
    c.write(ok(gzipped_xs() + gzipped_xs(), "Content-Encoding: gzip\r\n"));
    c.hang();
  });
  CurlTransport transport;
  for (const std::size_t length : {0U, 2U, 400'000U}) {
    const Reply reply = transport.exchange(exchange("GET", server.url()));
    ASSERT_TRUE(reply.response) << reply.response.error().message;
    EXPECT_EQ(reply.response->body.size(), length);
  }
  EXPECT_THAT(seen, HasSubstr("Accept-Encoding: gzip\r\n"));
}

// 100 MB of nothing in 100 KB: given up as soon as the bound is passed.
TEST(CurlTransport, GivesUpABombAtItsBound) {
  const std::string bomb = gzipped(std::string(100'000'000, '\0'));
  ASSERT_LT(bomb.size(), 1'000'000U);
  TestServer server([&](Connection& c) {
    c.read_request();
    c.write(ok(bomb, "Content-Encoding: gzip\r\n"));
    c.hang();
  });
  CurlTransport transport;
  Exchange e = exchange("GET", server.url());
  e.max_body_bytes = 1'000'000;
  const Reply reply = transport.exchange(e);
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response);
  std::string unpacked;
  EXPECT_EQ(Gunzip(1'000'000).take(bomb, unpacked), Gunzip::Taken::too_large);
  EXPECT_LE(unpacked.size(), 1'000'000U);
}

TEST(CurlTransport, CallsSomethingThatIsNotHttpABadResponse) {
  TestServer server([](Connection& c) {
    c.read_request();
    c.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  CurlTransport transport;
  const Reply reply = transport.exchange(exchange("GET", server.url()));
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response);
}

TEST(CurlTransport, NeverUsesAProxyForThisMachine) {
  TestServer proxy([](Connection& c) {
    c.read_request();
    c.write(ok("proxy"));
  });
  TestServer server([](Connection& c) {
    c.read_request();
    c.write(ok("direct"));
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  CurlOptions options;
  options.proxy = proxy.url();
  CurlTransport transport(options);
  const Reply reply = transport.exchange(exchange("GET", server.url()));
  unsetenv("http_proxy");
  ASSERT_TRUE(reply.response);
  EXPECT_EQ(reply.response->body, "direct");
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(CurlTransport, UsesTheConfiguredProxyForOtherMachines) {
  std::string seen;
  TestServer proxy([&](Connection& c) {
    seen = c.read_request();
    c.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  CurlOptions options;
  options.proxy = proxy.url();
  CurlTransport transport(options);
  Exchange e = exchange("GET", "https://example.org/private");
  e.request.headers.set("Authorization", "Bearer abcdefgh");
  const Reply reply = transport.exchange(e);
  ASSERT_FALSE(reply.response);
  EXPECT_FALSE(reply.sent);
  EXPECT_THAT(seen, HasSubstr("CONNECT example.org:443"));
  EXPECT_THAT(seen, Not(HasSubstr("abcdefgh")));
}

struct ProxyAnswer {
  const char* head;
  ErrorClass kind;
  const char* words;
};

TEST(CurlTransport, SaysWhatAProxyThatRefusedWants) {
  const std::vector<ProxyAnswer> answers = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"", ErrorClass::config,
       "wants a login before it lets example.org through (407)"},
      {"HTTP/1.1 403 Forbidden", ErrorClass::config, "does not let example.org through (it answered 403)"},
      {"HTTP/1.1 502 Bad Gateway", ErrorClass::transient, "cannot reach example.org (it answered 502)"}};
  for (const ProxyAnswer& answer : answers) {
    SCOPED_TRACE(answer.head);
    TestServer proxy([&](Connection& c) {
      while (!c.read_request().empty()) c.write(std::string(answer.head) + "\r\nContent-Length: 0\r\n\r\n");
    });
    CurlOptions options;
    options.proxy = proxy.url("");
    CurlTransport transport(options);
    const Reply reply = transport.exchange(exchange("POST", "https://example.org/deals"));
    ASSERT_FALSE(reply.response);
    EXPECT_FALSE(reply.sent) << "so that it may be sent again";
    EXPECT_EQ(reply.response.error().kind, answer.kind);
    EXPECT_THAT(reply.response.error().message, HasSubstr("The proxy " + proxy.url("") + " "));
    EXPECT_THAT(reply.response.error().message, HasSubstr(answer.words));
  }
}

TEST(CurlTransport, TellsAProxyThatCannotBeReachedFromAServerThatCannot) {
  CurlOptions options;
  options.proxy = "http://127.0.0.1:" + std::to_string(testing::free_port());
  CurlTransport transport(options);
  const Reply reply = transport.exchange(exchange("GET", "https://example.org/"));
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
  EXPECT_THAT(reply.response.error().message, HasSubstr("The proxy " + options.proxy));
  options.proxy = "http://proxy.invalid:3128";
  const Reply unnamed = CurlTransport(options).exchange(exchange("GET", "https://example.org/"));
  ASSERT_FALSE(unnamed.response);
  EXPECT_THAT(unnamed.response.error().message, HasSubstr("The proxy http://proxy.invalid:3128"));
  EXPECT_THAT(unnamed.response.error().message, HasSubstr("cannot be resolved"));
}

// Listens, but takes no connection: its queue is full, so that the next one gets no answer.
class FullServer {
 public:
  FullServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    sockets_.push_back(socket(AF_INET, SOCK_STREAM, 0));
    bind(sockets_[0], reinterpret_cast<sockaddr*>(&address), size);
    listen(sockets_[0], 0);
    getsockname(sockets_[0], reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      sockets_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      connect(sockets_.back(), reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  ~FullServer() {
    for (const int fd : sockets_) close(fd);
  }
  FullServer(const FullServer&) = delete;
  FullServer& operator=(const FullServer&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::vector<int> sockets_;
  int port_ = 0;
};

TEST(CurlTransport, NamesTheProxyThatDoesNotAnswerInTime) {
  TestServer silent([](Connection& c) { c.hang(); });
  const FullServer full;
  for (const std::string& proxy : {silent.url(""), full.url()}) {
    CurlOptions options;
    options.proxy = proxy;
    options.connect_timeout = milliseconds(300);
    const Reply reply = CurlTransport(options).exchange(exchange("GET", "https://example.org/"));
    ASSERT_FALSE(reply.response) << proxy;
    EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
    EXPECT_THAT(reply.response.error().message, HasSubstr("proxy " + proxy + " (\"network\" in the configuration)"));
  }
}

TEST(Proxy, IsShownWithoutItsLoginAndWithWhereItComesFrom) {
  const std::vector<std::pair<const char*, const char*>> shown = {
      {"http://someone:hush@proxy.example:3128/", "http://proxy.example:3128"},
      {"https://someone:hu@sh@proxy.example:3128", "https://proxy.example:3128"},
      {"someone:hush@proxy.example:3128", "http://proxy.example:3128"},
      {"proxy.example:3128", "http://proxy.example:3128"},
      {"socks5h://[::1]:1080", "socks5h://[::1]:1080"}};
  for (const auto& [written, address] : shown) {
    const auto proxy = proxy_in_use(written);
    ASSERT_TRUE(proxy);
    EXPECT_EQ(proxy->address, address);
    EXPECT_EQ(proxy->from, "\"network\" in the configuration");
  }
}

// Stopping is for the whole process and for good, so these run in a child.
int in_child(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CurlTransport, GivesUpRequestsUnderWayAfterAStopAndStartsNoMore) {
  EXPECT_EQ(
      in_child([] {
        TestServer server([](Connection& c) {
          c.read_request();
          SystemClock::interrupt();
          c.hang();
        });
        CurlOptions options;
        options.drain = milliseconds(50);
        CurlTransport transport(options);
        const std::vector<Exchange> two = {exchange("POST", server.url(), "{}"), exchange("POST", server.url(), "{}")};
        const std::vector<Reply> replies = transport.exchange(two, 1);
        return !replies[0].response && replies[0].sent && replies[0].response.error().kind == ErrorClass::unknown &&
               !replies[1].response && !replies[1].sent && replies[1].response.error().kind == ErrorClass::cancelled;
      }),
      0);
}

TEST(CurlTransport, LetsARequestUnderWayFinishAfterAStop) {
  EXPECT_EQ(in_child([] {
              TestServer server([](Connection& c) {
                c.read_request();
                SystemClock::interrupt();
                usleep(150'000);
                c.write(ok("done"));
                c.hang();
              });
              CurlTransport transport;
              const Reply reply = transport.exchange(exchange("POST", server.url(), "{}"));
              return reply.response && reply.response->body == "done";
            }),
            0);
}

}  // namespace
}  // namespace cosell::net
