// The transport inside the process fails the way the real one does.
#include "net/in_process_transport.h"

#include <gtest/gtest.h>

namespace cosell::net {
namespace {

Exchange post(const std::string& url) {
  Exchange e;
  e.request.method = "POST";
  e.request.url = url;
  return e;
}

TEST(InProcessTransport, ShowsTheServerAnOriginFormUrlAndTheHost) {
  http::Request seen;
  InProcessTransport transport([&](const http::Request& r) {
    seen = r;
    return Delivered{Delivered::Kind::response, {201, {}, "x"}};
  });
  const Reply reply = transport.exchange(post("https://api.example.com:8443/v1/deals?a=%2F"));
  ASSERT_TRUE(reply.response);
  EXPECT_EQ(reply.response->status, 201);
  EXPECT_EQ(seen.url, "/v1/deals?a=%2F");
  EXPECT_EQ(seen.headers.get("host"), "api.example.com:8443");
}

TEST(InProcessTransport, TellsALostReplyFromAnUnreachableServer) {
  Delivered::Kind kind{};
  InProcessTransport transport([&](const http::Request&) { return Delivered{kind, {200, {}, "{}"}}; });
  for (const auto lost :
       {Delivered::Kind::dropped_before, Delivered::Kind::dropped_after, Delivered::Kind::truncated}) {
    kind = lost;
    const Reply reply = transport.exchange(post("https://a.example/"));
    ASSERT_FALSE(reply.response);
    EXPECT_TRUE(reply.sent);
    EXPECT_EQ(reply.response.error().kind, ErrorClass::unknown);
  }
  kind = Delivered::Kind::unreachable;
  const Reply reply = transport.exchange(post("https://a.example/"));
  EXPECT_FALSE(reply.sent);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
}

TEST(InProcessTransport, RefusesWhatTheRealOneRefuses) {
  int calls = 0;
  InProcessTransport transport([&](const http::Request&) {
    ++calls;
    return Delivered{Delivered::Kind::response, {200, {}, std::string(100, 'x')}};
  });
  EXPECT_EQ(transport.exchange(post("http://a.example/")).response.error().kind, ErrorClass::config);
  EXPECT_EQ(transport.exchange(post("/relative")).response.error().kind, ErrorClass::config);
  EXPECT_EQ(calls, 0);
  Exchange small = post("http://localhost/");
  small.max_body_bytes = 99;
  EXPECT_EQ(transport.exchange(small).response.error().kind, ErrorClass::bad_response);
}

TEST(InProcessTransport, MixesTheOrderOfRequestsUnderWayButNotTheirReplies) {
  SeededRandom random(7);
  std::vector<std::string> arrived;
  InProcessTransport transport(
      [&](const http::Request& r) {
        arrived.push_back(r.url);
        return Delivered{Delivered::Kind::response, {200, {}, r.url}};
      },
      &random);
  std::vector<Exchange> all;
  for (int i = 0; i < 12; ++i) all.push_back(post("https://a.example/" + std::to_string(i)));
  const std::vector<Reply> replies = transport.exchange(all, 4);
  std::vector<std::string> asked;
  for (std::size_t i = 0; i < all.size(); ++i) {
    asked.push_back("/" + std::to_string(i));
    EXPECT_EQ(replies[i].response->body, asked.back());
  }
  EXPECT_NE(arrived, asked);
}

}  // namespace
}  // namespace cosell::net
