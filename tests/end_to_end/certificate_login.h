// A sandbox that is logged in to by certificate, and an administrator who puts keys and certificates in place. Whatever
// the program said or wrote is searched for the secrets in the end.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/time.h"
#include "net/certificate.h"
#include "sandbox.h"

namespace cosell::end_to_end {

class CertificateLogin : public ::testing::Test {
 protected:
  explicit CertificateLogin(const std::string& crm);
  // No key and no client secret in anything that was told or written, but for the files that hold them.
  void TearDown() override;

  // Members of the CRM's login; null takes one away.
  void change_login(const Json& members) const;
  // The program follows the real clock, no longer the sandbox's.
  void leave_the_sandboxs_clock() const;
  // `cosell check`, which must end with `code`: all that it said.
  std::string check(int code);
  void expect_sync();

  // Files of the login, as the configuration names them.
  std::string key_file() const { return sandbox.folder->file("secrets/" + sandbox.pair + ".key"); }
  std::string certificate_file() const { return sandbox.folder->file("secrets/" + sandbox.pair + ".crt"); }
  std::string certificate() const { return read_text(certificate_file()); }
  // A new pair in these files that counts from and until so long from now.
  net::CertificateTerm put_new_pair(Duration starts_in, Duration ends_in);
  void put_key(const std::string& text) const;
  // As it is uploaded to the app.
  void upload(const std::string& certificate_pem) const;
  // Runs a command of the shell in the folder of the secrets.
  void run(const std::string& command) const;

  Sandbox sandbox;

 private:
  std::string told_;
  std::vector<std::string> secrets_;
};

}  // namespace cosell::end_to_end
