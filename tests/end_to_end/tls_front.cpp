// One thread per connection, which looks at both ends in turn. See tls_front.h.
#include "tls_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace cosell::end_to_end {

namespace {

sockaddr_in on_this_machine(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = on_this_machine(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

// Adds a header to each request of a connection, whatever pieces the bytes come in.
class Requests {
 public:
  // What can be passed on by now; `begun` counts the requests whose head is complete.
  std::string take(const char* bytes, std::size_t size, std::atomic<int>& begun) {
    held_.append(bytes, size);
    std::string out;
    while (!held_.empty()) {
      if (body_left_ > 0) {
        const std::size_t some = std::min(body_left_, held_.size());
        out += held_.substr(0, some);
        held_.erase(0, some);
        body_left_ -= some;
        continue;
      }
      const std::size_t end = held_.find("\r\n\r\n");
      if (end == std::string::npos) break;
      std::string head = held_.substr(0, end + 4);
      held_.erase(0, end + 4);
      body_left_ = length_in(head);
      head.insert(head.find("\r\n") + 2, "X-Forwarded-Proto: https\r\n");
      out += head;
      ++begun;
    }
    return out;
  }

 private:
  static std::size_t length_in(const std::string& head) {
    constexpr const char* name = "\r\nContent-Length:";
    const char* at = ::strcasestr(head.c_str(), name);
    return at == nullptr ? 0 : static_cast<std::size_t>(std::atol(at + std::char_traits<char>::length(name)));
  }

  std::string held_;
  std::size_t body_left_ = 0;
};

bool send_all(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

TlsFront::TlsFront(const std::string& url, const net::testing::Identity& identity)
    : context_(SSL_CTX_new(TLS_server_method())), behind_(std::atoi(url.c_str() + url.rfind(':') + 1)) {
  const bool usable = context_ != nullptr && SSL_CTX_use_certificate(context_, identity.certificate.get()) == 1 &&
                      SSL_CTX_use_PrivateKey(context_, identity.key.get()) == 1;
  if (!usable) throw std::runtime_error("the TLS front cannot use its certificate");
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = on_this_machine(0);
  socklen_t size = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 64);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TlsFront::~TlsFront() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& worker : workers_) worker.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

void TlsFront::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client >= 0) workers_.emplace_back([this, client] { serve(client); });
  }
}

void TlsFront::serve(int client) {
  // A client that went away must not end the test program.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  const int server = connect_to(behind_);
  SSL* tls = SSL_new(context_);
  SSL_set_fd(tls, client);
  bool open = server >= 0 && SSL_accept(tls) == 1;
  Requests requests;
  std::vector<char> bytes(16'384);
  while (open && !stopping_) {
    pollfd ends[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (SSL_pending(tls) == 0 && ::poll(ends, 2, 20) <= 0) continue;
    if (SSL_pending(tls) > 0 || ends[0].revents != 0) {
      const int n = SSL_read(tls, bytes.data(), static_cast<int>(bytes.size()));
      open = n > 0 && send_all(server, requests.take(bytes.data(), static_cast<std::size_t>(n), requests_));
    }
    if (open && ends[1].revents != 0) {
      const ssize_t n = ::recv(server, bytes.data(), bytes.size(), 0);
      open = n > 0 && SSL_write(tls, bytes.data(), static_cast<int>(n)) == n;
    }
  }
  SSL_free(tls);
  ::close(client);
  if (server >= 0) ::close(server);
}

}  // namespace cosell::end_to_end
