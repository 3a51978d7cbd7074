// Everything of certificate_login.h. Keys are made with the product's own code or with openssl, as the guides say.
#include "certificate_login.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"

namespace cosell::end_to_end {

namespace {

// A line from within a key: enough to know it by.
std::string line_of(const std::string& pem) {
  const auto lines = text::split(pem, '\n');
  return lines.size() > 4 ? lines[3] : pem;
}

}  // namespace

CertificateLogin::CertificateLogin(const std::string& crm)
    : sandbox(SandboxOptions{6, {"--login", "certificate"}, "", crm}) {
  secrets_ = {line_of(read_text(key_file())), secret_of(sandbox, crm + "_client_secret")};
}

void CertificateLogin::TearDown() {
  sandbox.stop();
  std::string written;
  for (const auto& file : std::filesystem::recursive_directory_iterator(sandbox.folder->path)) {
    const bool secret = text::starts_with(file.path().string(), sandbox.folder->file("secrets/"));
    if (file.is_regular_file() && !secret) written += read_text(file.path().string());
  }
  EXPECT_NE(written, "");
  for (const std::string& secret : secrets_) {
    ASSERT_GT(secret.size(), 15U);
    EXPECT_EQ(told_.find(secret), std::string::npos) << "told: " << secret;
    EXPECT_EQ(written.find(secret), std::string::npos) << "written: " << secret;
  }
}

void CertificateLogin::change_login(const Json& members) const {
  Json crm = Json::parse(read_text(sandbox.config()))["pairs"][sandbox.pair]["crm"];
  for (const auto& member : members.items()) {
    if (member.value().is_null()) {
      crm["login"].erase(member.key());
    } else {
      crm["login"][member.key()] = member.value();
    }
  }
  sandbox.configure("crm", crm);
}

void CertificateLogin::leave_the_sandboxs_clock() const {
  Json configuration = Json::parse(read_text(sandbox.config()));
  configuration.erase("sandbox");
  write_text(sandbox.config(), configuration.dump(2));
}

std::string CertificateLogin::check(int code) {
  const Ended ended = sandbox.cosell({"check"});
  EXPECT_EQ(ended.code, code) << ended.out << ended.err;
  told_ += ended.out + ended.err;
  return ended.out + ended.err;
}

void CertificateLogin::expect_sync() {
  EXPECT_NE(check(0).find("Ready"), std::string::npos);
  const Ended sync = sandbox.cosell({"sync"});
  EXPECT_EQ(sync.code, 0) << sync.out << sync.err;
  told_ += sync.out + sync.err;
  EXPECT_FALSE(PartnerCenter(sandbox).referrals().empty());
}

net::CertificateTerm CertificateLogin::put_new_pair(Duration starts_in, Duration ends_in) {
  SystemClock clock;
  const net::CertificateTerm term{clock.now() + starts_in, clock.now() + ends_in};
  const auto pair = net::make_self_signed("another", term);
  if (!pair) throw std::runtime_error(pair.error().message);
  put_key(pair->key_pem.reveal());
  secrets_.push_back(line_of(pair->key_pem.reveal()));
  write_text(certificate_file(), pair->certificate_pem);
  return term;
}

void CertificateLogin::put_key(const std::string& text) const {
  write_text(key_file(), text);
  ::chmod(key_file().c_str(), 0600);
}

void CertificateLogin::upload(const std::string& certificate_pem) const {
  sandbox.crm.set(sandbox.pair == "salesforce" ? "jwt_public_key" : "client_certificate", certificate_pem);
}

void CertificateLogin::run(const std::string& command) const {
  const std::string in_folder = "cd '" + sandbox.folder->file("secrets") + "' && (" + command + ") >/dev/null 2>&1";
  ASSERT_EQ(std::system(in_folder.c_str()), 0) << command;
}

}  // namespace cosell::end_to_end
