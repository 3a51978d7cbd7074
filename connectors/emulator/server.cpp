// The HTTP/1.1 shell of an emulator: one thread per connection, so that the delays of many clients overlap. It
// only carries requests in and deliveries out; what is answered is decided by Sandboxed.
#include "connectors/emulator/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "base/text.h"
#include "net/gzip.h"

namespace cosell::emulator {

namespace {

constexpr std::size_t kBodyBytesMax = 16U << 20;
constexpr std::size_t kConnectionBytes = 256U << 10;  // request line and headers: room for very long URLs
constexpr std::size_t kThreadStackBytes = 1U << 20;
constexpr int kBacklog = 1024;

// One request on its way in.
struct Call {
  std::string url;
  std::string body;
  bool started = false;
  bool too_large = false;
};

// A body that is cut short on purpose: the promised length is never reached.
struct CutBody {
  std::string bytes;
  std::size_t keep = 0;
};

ssize_t read_cut_body(void* context, std::uint64_t position, char* buffer, std::size_t room) {
  const auto* body = static_cast<const CutBody*>(context);
  if (position >= body->keep) return MHD_CONTENT_READER_END_WITH_ERROR;
  const std::size_t count = std::min(room, body->keep - static_cast<std::size_t>(position));
  std::memcpy(buffer, body->bytes.data() + position, count);
  return static_cast<ssize_t>(count);
}

void free_cut_body(void* context) { delete static_cast<CutBody*>(context); }

MHD_Result collect_header(void* context, MHD_ValueKind, const char* name, const char* value) {
  static_cast<http::Headers*>(context)->add(name, value == nullptr ? "" : value);
  return MHD_YES;
}

void* remember_url(void*, const char* uri, MHD_Connection*) {
  auto* call = new Call;
  call->url = uri;
  return call;
}

void forget_call(void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
  delete static_cast<Call*>(*context);
  *context = nullptr;
}

// Binds 127.0.0.1 itself, because only then a taken port is told from every other failure.
Result<int> listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return make_error(ErrorClass::config, std::string("No socket could be made: ") + std::strerror(errno));
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (bound && ::listen(fd, kBacklog) == 0) return fd;
  const int why = errno;
  ::close(fd);
  const std::string named = "Port " + std::to_string(port);
  if (why == EADDRINUSE) {
    return make_error(ErrorClass::config, named + " is already in use. Choose another port, or 0 for a free one.");
  }
  return make_error(ErrorClass::config, named + " cannot be opened: " + std::strerror(why) + ".");
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.sin_port);
}

bool takes_gzip(const http::Headers& client) {
  for (const std::string& one : text::split(client.get("Accept-Encoding"), ',')) {
    const std::string coding = text::replace_all(text::lower_ascii(one), " ", "");
    if (text::starts_with(coding, "gzip")) return coding == "gzip" || !text::starts_with(coding, "gzip;q=0");
  }
  return false;
}

// As the real services answer a client that takes it. A body that is to be cut short is cut as it travels.
void pack(Delivery& delivery) {
  http::Response& response = delivery.response;
  if (response.body.empty() || response.headers.find("Content-Encoding")) return;
  const bool cut = delivery.truncate_to && *delivery.truncate_to < response.body.size();
  response.body = net::gzipped(response.body);
  response.headers.set("Content-Encoding", "gzip");
  response.headers.set("Vary", "Accept-Encoding");
  if (cut) delivery.truncate_to = std::min(*delivery.truncate_to, response.body.size() - 1);
}

MHD_Response* make_response(const Delivery& delivery) {
  const std::string& body = delivery.response.body;
  MHD_Response* response = nullptr;
  if (delivery.truncate_to && *delivery.truncate_to < body.size()) {
    auto* cut = new CutBody;
    cut->bytes = body;
    cut->keep = *delivery.truncate_to;
    response = MHD_create_response_from_callback(body.size(), 64 * 1024, &read_cut_body, cut, &free_cut_body);
    if (response == nullptr) delete cut;
  } else {
    // libmicrohttpd copies the bytes at once, it takes a mutable pointer only by its signature.
    response = MHD_create_response_from_buffer(body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  }
  if (response == nullptr) return nullptr;
  for (const http::Header& header : delivery.response.headers.list) {
    MHD_add_response_header(response, header.name.c_str(), header.value.c_str());
  }
  return response;
}

class MicrohttpdServer final : public Server {
 public:
  explicit MicrohttpdServer(Sandboxed& emulator) : emulator_(emulator) {}
  MicrohttpdServer(const MicrohttpdServer&) = delete;
  MicrohttpdServer& operator=(const MicrohttpdServer&) = delete;

  ~MicrohttpdServer() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  Result<void> open(int port) {
    const Result<int> fd = listen_on(port);
    if (!fd) return fd.error();
    port_ = port_of(*fd);
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    daemon_ = MHD_start_daemon(flags, 0, nullptr, nullptr, &MicrohttpdServer::serve, this,  //
                               MHD_OPTION_LISTEN_SOCKET, *fd,                               //
                               MHD_OPTION_URI_LOG_CALLBACK, &remember_url, nullptr,         //
                               MHD_OPTION_NOTIFY_COMPLETED, &forget_call, nullptr,          //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes,        //
                               MHD_OPTION_CONNECTION_LIMIT, 2000U,                          //
                               MHD_OPTION_THREAD_STACK_SIZE, kThreadStackBytes,             //
                               MHD_OPTION_END);
    if (daemon_ != nullptr) return {};
    ::close(*fd);
    return make_error(ErrorClass::config, "The server on port " + std::to_string(port_) + " could not be started.");
  }

  int port() const override { return port_; }

 private:
  static MHD_Result serve(void* self, MHD_Connection* connection, const char*, const char* method, const char*,
                          const char* data, std::size_t* size, void** context) {
    auto* call = static_cast<Call*>(*context);
    if (call == nullptr) return MHD_NO;
    if (!call->started) {
      call->started = true;
      return MHD_YES;
    }
    if (*size > 0) {
      // The rest of an oversized body is read and dropped, so that the client gets to see the 413.
      if (call->body.size() + *size > kBodyBytesMax) call->too_large = true;
      if (!call->too_large) call->body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    return static_cast<MicrohttpdServer*>(self)->answer(connection, *call, method);
  }

  MHD_Result answer(MHD_Connection* connection, Call& call, const char* method) {
    Delivery delivery;
    if (call.too_large) {
      delivery.response.status = 413;
      delivery.response.headers.set("Content-Type", "application/json");
      delivery.response.body = R"({"error":{"code":"invalidRequest","message":"The request body is too large."}})";
    } else {
      http::Request request;
      request.method = method;
      request.url = std::move(call.url);
      request.body = std::move(call.body);
      MHD_get_connection_values(connection, MHD_HEADER_KIND, &collect_header, &request.headers);
      unpack(request);
      delivery = emulator_.handle(request);
      if (takes_gzip(request.headers)) pack(delivery);
    }
    pause(delivery.delay);
    if (delivery.drop) return MHD_NO;
    MHD_Response* response = make_response(delivery);
    if (response == nullptr) return MHD_NO;
    const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(delivery.response.status), response);
    MHD_destroy_response(response);
    return queued;
  }

  // What is no gzip stays as it is, and is then no JSON either.
  void unpack(http::Request& request) {
    const bool packed = text::lower_ascii(request.headers.get("Content-Encoding")) == "gzip";
    if (!packed || !emulator_.core().takes_gzip_bodies()) return;
    if (auto plain = net::gunzipped(request.body, kBodyBytesMax)) request.body = std::move(*plain);
  }

  // A wait on the wire, in real time; stopping the server ends it.
  void pause(Duration d) {
    if (d.ms <= 0) return;
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(d.ms), [this] { return stopping_; });
  }

  Sandboxed& emulator_;
  MHD_Daemon* daemon_ = nullptr;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Sandboxed& emulator, int port) {
  if (port < 0 || port > 65535) {
    return make_error(ErrorClass::config, "Port " + std::to_string(port) + " is not between 0 and 65535.");
  }
  auto server = std::make_unique<MicrohttpdServer>(emulator);
  const Result<void> opened = server->open(port);
  if (!opened) return opened.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace cosell::emulator
