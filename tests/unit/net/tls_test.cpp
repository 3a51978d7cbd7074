// TLS and HTTP/2 against a server that is not ours: nghttpd with a good, an expired, a wrong host's and a self-signed
// certificate. The certificates are made here, for this run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "net/ca_file.h"
#include "net/curl_transport.h"
#include "tests/support/certificates.h"
#include "tests/unit/net/test_server.h"

extern char** environ;

namespace cosell::net {
namespace {

using ::testing::HasSubstr;
using testing::Identity;
using testing::make_identity;

class NghttpServer : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cosell-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    authority_ = make_identity({"cosell test authority", -3600, 3600, true}, nullptr);
    testing::write_certificate(folder_ + "/authority.pem", authority_);
    std::ofstream(folder_ + "/hello.json") << "{\"hello\":\"" + std::string(100, 'x') + "\"}";
  }

  void TearDown() override {
    if (server_ > 0) {
      ::kill(server_, SIGTERM);
      int status = 0;
      ::waitpid(server_, &status, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  // nghttpd answers files of the folder, HTTP/2 only. It is ready when its port takes a connection.
  void serve(const Identity& identity) {
    testing::write_certificate(folder_ + "/server.pem", identity);
    testing::write_key(folder_ + "/server.key", identity);
    port_ = testing::free_port();
    std::vector<std::string> words = {"nghttpd",
                                      "-a",
                                      "127.0.0.1",
                                      "-d",
                                      folder_,
                                      std::to_string(port_),
                                      folder_ + "/server.key",
                                      folder_ + "/server.pem"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ASSERT_EQ(::posix_spawnp(&server_, "nghttpd", nullptr, nullptr, arguments.data(), environ), 0)
        << "nghttpd is missing; scripts/packages test installs it";
    ASSERT_TRUE(testing::wait_for_port(port_)) << "nghttpd does not listen";
  }

  Exchange get() const {
    Exchange e;
    e.request.method = "GET";
    e.request.url = "https://127.0.0.1:" + std::to_string(port_) + "/hello.json";
    e.timeout = seconds(60);
    return e;
  }

  // Trusts the test's own authority.
  CurlOptions trusting() const {
    CurlOptions options;
    options.ca_bundle = folder_ + "/authority.pem";
    return options;
  }

  void expect_refused(const Identity& identity) {
    serve(identity);
    CurlTransport transport(trusting());
    const Reply reply = transport.exchange(get());
    ASSERT_FALSE(reply.response);
    EXPECT_FALSE(reply.sent);
    EXPECT_EQ(reply.response.error().kind, ErrorClass::transient);
    EXPECT_THAT(reply.response.error().message, HasSubstr("certificate of 127.0.0.1"));
  }

  std::string folder_;
  Identity authority_;
  pid_t server_ = 0;
  int port_ = 0;
};

TEST_F(NghttpServer, IsTalkedToInHttp2WithManyRequestsAtOnce) {
  serve(make_identity({}, &authority_));
  CurlTransport transport(trusting());
  const std::vector<Exchange> many(50, get());
  for (const Reply& reply : transport.exchange(many, 16)) {
    ASSERT_TRUE(reply.response) << reply.response.error().message;
    EXPECT_EQ(reply.response->status, 200);
    EXPECT_THAT(reply.response->body, HasSubstr("hello"));
  }
}

TEST_F(NghttpServer, ThatDoesNotHaveTheFileAnswersItsStatus) {
  serve(make_identity({}, &authority_));
  CurlTransport transport(trusting());
  Exchange e = get();
  e.request.url += ".none";
  const Reply reply = transport.exchange(e);
  ASSERT_TRUE(reply.response);
  EXPECT_EQ(reply.response->status, 404);
}

TEST_F(NghttpServer, WithABodyBeyondTheBoundIsCutOff) {
  serve(make_identity({}, &authority_));
  CurlTransport transport(trusting());
  Exchange e = get();
  e.max_body_bytes = 10;
  const Reply reply = transport.exchange(e);
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::bad_response);
}

TEST_F(NghttpServer, WithAnExpiredCertificateIsRefused) {
  expect_refused(make_identity({"127.0.0.1", -7200, -3600, false}, &authority_));
}

TEST_F(NghttpServer, WithTheCertificateOfAnotherHostIsRefused) {
  expect_refused(make_identity({"other.example", -3600, 3600, false}, &authority_));
}

TEST_F(NghttpServer, WithASelfSignedCertificateIsRefused) { expect_refused(make_identity({}, nullptr)); }

TEST_F(NghttpServer, OfAnUnknownAuthorityIsRefused) {
  serve(make_identity({}, &authority_));
  CurlTransport transport;  // the system's authorities
  const Reply reply = transport.exchange(get());
  ASSERT_FALSE(reply.response);
  EXPECT_FALSE(reply.sent);
  EXPECT_THAT(reply.response.error().message, HasSubstr("is not trusted"));
}

class CaFile : public NghttpServer {};

TEST_F(CaFile, IsCountedOrSaysWhatIsWrongWithIt) {
  EXPECT_EQ(*certificates_in_file(folder_ + "/authority.pem"), 1);
  std::ofstream two(folder_ + "/two.pem");
  for (int i = 0; i < 2; ++i) two << std::ifstream(folder_ + "/authority.pem").rdbuf();
  two.close();
  EXPECT_EQ(*certificates_in_file(folder_ + "/two.pem"), 2);
  std::ofstream(folder_ + "/binary.cer") << "\x30\x82\x01";
  const std::vector<std::pair<std::string, std::string>> wrong = {{"/none.pem", "does not exist"},
                                                                  {"", "is a folder"},
                                                                  {"/hello.json", "holds no certificate in PEM form"},
                                                                  {"/binary.cer", "openssl x509 -inform der"}};
  for (const auto& [file, words] : wrong) {
    const auto count = certificates_in_file(folder_ + file);
    ASSERT_FALSE(count) << file;
    EXPECT_EQ(count.error().kind, ErrorClass::config);
    EXPECT_THAT(count.error().message, HasSubstr("The CA file " + folder_ + file));
    EXPECT_THAT(count.error().message, HasSubstr(words));
  }
}

TEST_F(NghttpServer, IsNotAskedWithACaFileThatCannotBeUsed) {
  serve(make_identity({}, &authority_));
  CurlOptions options;
  options.ca_bundle = folder_ + "/none.pem";
  const Reply reply = CurlTransport(options).exchange(get());
  ASSERT_FALSE(reply.response);
  EXPECT_EQ(reply.response.error().kind, ErrorClass::config);
  EXPECT_THAT(reply.response.error().message, HasSubstr(options.ca_bundle));
}

}  // namespace
}  // namespace cosell::net
