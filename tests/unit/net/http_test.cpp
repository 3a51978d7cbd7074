// HTTP values: URLs, forms and headers as they come from outside.
#include "net/http.h"

#include <gtest/gtest.h>

#include "net/transport.h"

namespace cosell::http {
namespace {

TEST(Url, IsTakenApartAndKeepsItsEncoding) {
  const auto url = parse_url("HTTPS://Api.Example.COM:8443/v1/a%2Fb?x=%20&y=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/v1/a%2Fb");
  EXPECT_EQ(url->query, "x=%20&y=1");
  EXPECT_EQ(url->origin(), "https://api.example.com:8443");
}

TEST(Url, KnowsDefaultPortsAndTheEmptyPath) {
  EXPECT_EQ(parse_url("https://a.b")->origin(), "https://a.b");
  EXPECT_EQ(parse_url("https://a.b:443/")->origin(), "https://a.b");
  EXPECT_EQ(parse_url("http://a.b?q=1")->path, "/");
  EXPECT_EQ(parse_url("http://a.b?q=1")->query, "q=1");
  EXPECT_EQ(parse_url("http://[::1]:80/x")->origin(), "http://[::1]");
  EXPECT_EQ(parse_url("http://[::1]:80/x")->host, "::1");
}

TEST(Url, ReadsTheOriginFormThatAServerSees) {
  const auto url = parse_url("/v1/deals?$top=5");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "");
  EXPECT_EQ(url->path, "/v1/deals");
  EXPECT_EQ(url->query, "$top=5");
  EXPECT_EQ(url->origin(), "");
}

TEST(Url, RefusesDisguisedAndBrokenHosts) {
  for (const char* text : {"", "deals", "ftp://a.b/", "https://", "https:///x", "https://user:pw@a.b/",
                           "https://a.b@evil.example/", "https://a.b:0/", "https://a.b:65536/", "https://a.b:x/",
                           "https://a b/", "https://a.b/\r\nX: 1", "https://a.b\\@evil.example/", "https://[::1/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Loopback, IsThisMachineAndNothingThatLooksLikeIt) {
  for (const char* host : {"127.0.0.1", "127.9.8.7", "::1", "[::1]", "localhost", "LocalHost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "127.0.0.1.example.org", "127.evil.example", "128.0.0.1", "10.0.0.1",
                           "localhost.example.org", "::2", "0.0.0.0", "1270.0.0.1"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers;
  headers.add("Set-Cookie", "a");
  headers.add("set-cookie", "b");
  EXPECT_EQ(headers.get("SET-COOKIE"), "a");
  headers.set("Set-cookie", "c");
  EXPECT_EQ(headers.list.size(), 1U);
  EXPECT_FALSE(headers.find("ETag"));
}

TEST(Headers, WithALineBreakAreNotSent) {
  Request request{"GET", "https://api.example/", {}, ""};
  request.headers.add("Accept", "application/json");
  EXPECT_TRUE(net::check_callable(request));
  for (const std::string& bad : {std::string("a\rb"), std::string("a\nb"), std::string("ab\0", 3)}) {
    Request with_name = request;
    with_name.headers.add(bad, "x");
    EXPECT_FALSE(net::check_callable(with_name));
    Request with_value = request;
    with_value.headers.add("X", bad);
    EXPECT_FALSE(net::check_callable(with_value));
  }
}

TEST(Form, SurvivesTheWayThereAndBack) {
  const std::vector<std::pair<std::string, std::string>> fields = {
      {"grant type", "a+b&c=d"}, {"empty", ""}, {"ünicode", "€ 5"}, {"twice", "1"}, {"twice", "2"}};
  EXPECT_EQ(parse_form(encode_form(fields)), fields);
}

TEST(Form, ReadsPlusAsBlankAndKeepsBrokenEscapes) {
  const auto fields = parse_form("q=a+b%20c&&flag&x=%zz%4");
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(form_value(fields, "q"), "a b c");
  EXPECT_EQ(form_value(fields, "flag"), "");
  EXPECT_EQ(form_value(fields, "x"), "%zz%4");
  EXPECT_EQ(form_value(fields, "absent"), "");
}

}  // namespace
}  // namespace cosell::http
