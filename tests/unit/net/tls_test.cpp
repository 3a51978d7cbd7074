// TLS and HTTP/2 against a server that is not ours: nghttpd with a good, an expired, a wrong host's and a self-signed
// certificate. The certificates are made here, for this run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "net/curl_transport.h"
#include "tests/unit/net/test_server.h"

extern char** environ;

namespace cosell::net {
namespace {

using ::testing::HasSubstr;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* t) const {
    Free(t);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

struct Identity {
  Key key;
  Certificate certificate;
};

struct Wanted {
  std::string name = "127.0.0.1";  // an address or a host
  long from_s = -3600;             // from now
  long to_s = 3600;
  bool authority = false;
};

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
Identity make_identity(const Wanted& wanted, const Identity* issuer) {
  static long serial = 0;
  Identity out{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  X509* c = out.certificate.get();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(c), wanted.from_s);
  X509_gmtime_adj(X509_getm_notAfter(c), wanted.to_s);
  X509_set_pubkey(c, out.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1, 0);
  X509* signer = issuer == nullptr ? c : issuer->certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(signer));
  if (wanted.authority) {
    add_extension(c, signer, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    const bool address = wanted.name.find_first_not_of("0123456789.") == std::string::npos;
    add_extension(c, signer, NID_subject_alt_name, (address ? "IP:" : "DNS:") + wanted.name);
  }
  X509_sign(c, issuer == nullptr ? out.key.get() : issuer->key.get(), EVP_sha256());
  return out;
}

class NghttpServer : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cosell-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    authority_ = make_identity({"cosell test authority", -3600, 3600, true}, nullptr);
    write_certificate("authority.pem", authority_);
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

  void write_certificate(const std::string& file, const Identity& identity) {
    FILE* out = std::fopen((folder_ + "/" + file).c_str(), "w");
    PEM_write_X509(out, identity.certificate.get());
    std::fclose(out);
  }

  // nghttpd answers files of the folder, HTTP/2 only. It is ready when its port takes a connection.
  void serve(const Identity& identity) {
    write_certificate("server.pem", identity);
    FILE* out = std::fopen((folder_ + "/server.key").c_str(), "w");
    PEM_write_PrivateKey(out, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
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

}  // namespace
}  // namespace cosell::net
