// One GET of "/" with parameters is what a browser brings; everything else (icons, curious programs) is answered and
// forgotten.
#include "cli/landing.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace cosell::cli {

namespace {

constexpr std::string_view kEnd =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>cosell</title></head>"
    "<body><p>That was it here. What came of the sign-in stands in the terminal; this window can be closed.</p></body>"
    "</html>\n";

class LocalLanding final : public Landing {
 public:
  ~LocalLanding() override {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
  }

  bool listen() {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    daemon_ = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, nullptr, nullptr, &answer, this,
                               MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&here), MHD_OPTION_URI_LOG_CALLBACK,
                               &keep_target, nullptr, MHD_OPTION_NOTIFY_COMPLETED, &forget_target, nullptr,
                               MHD_OPTION_CONNECTION_LIMIT, 16U, MHD_OPTION_CONNECTION_TIMEOUT, 10U, MHD_OPTION_END);
    return daemon_ != nullptr;
  }

  std::string address() const override {
    const MHD_DaemonInfo* facts = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
    return "http://localhost:" + std::to_string(facts == nullptr ? 0 : facts->port);
  }

  std::string arrived() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(query_, "");
  }

 private:
  static void* keep_target(void*, const char* target, MHD_Connection*) { return new std::string(target); }
  static void forget_target(void*, MHD_Connection*, void** target, MHD_RequestTerminationCode) {
    delete static_cast<std::string*>(*target);
    *target = nullptr;
  }

  static MHD_Result answer(void* self, MHD_Connection* connection, const char*, const char* method, const char*,
                           const char*, std::size_t* body_bytes, void** target) {
    *body_bytes = 0;
    const std::string& asked = *static_cast<std::string*>(*target);
    const bool lands = std::string_view(method) == "GET" && text::starts_with(asked, "/?");
    if (lands) static_cast<LocalLanding*>(self)->take(asked.substr(2));
    const std::string_view page = lands ? kEnd : std::string_view();
    // The library copies nothing here, and takes a mutable pointer only by its signature.
    MHD_Response* response =
        MHD_create_response_from_buffer(page.size(), const_cast<char*>(page.data()), MHD_RESPMEM_PERSISTENT);
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "text/html; charset=utf-8");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    const MHD_Result queued = MHD_queue_response(connection, lands ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, response);
    MHD_destroy_response(response);
    return queued;
  }

  void take(std::string query) {
    const std::lock_guard lock(mutex_);
    query_ = std::move(query);
  }

  MHD_Daemon* daemon_ = nullptr;
  std::mutex mutex_;
  std::string query_;
};

}  // namespace

Result<std::unique_ptr<Landing>> Landing::open() {
  auto landing = std::make_unique<LocalLanding>();
  if (landing->listen()) return std::unique_ptr<Landing>(std::move(landing));
  return make_error(ErrorClass::config,
                    std::string("This machine lets nobody listen at 127.0.0.1, where the browser is sent after the "
                                "sign-in: ") +
                        std::strerror(errno) + ".");
}

}  // namespace cosell::cli
