// TLS in front of a stand-in, as the real systems have it: takes TLS off and passes the requests on. Each request is
// told that it came by https, so that addresses in answers lead back here.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/certificates.h"

namespace cosell::end_to_end {

class TlsFront {
 public:
  // `url`: of the stand-in, "http://127.0.0.1:8080".
  TlsFront(const std::string& url, const net::testing::Identity& identity);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  int requests() const { return requests_; }

 private:
  void accept_all();
  void serve(int client);

  SSL_CTX* context_ = nullptr;
  int behind_ = 0;  // port of the stand-in
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> requests_{0};
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace cosell::end_to_end
