// Exchanges through libcurl's multi interface. Each running stream owns one multi handle (and its connections);
// idle ones are kept for the next stream.
#include "net/curl_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <list>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "net/gzip.h"
#include "net/proxy.h"

namespace cosell::net {
namespace {

constexpr std::size_t kMaxHeaderBytes = 256U << 10;
constexpr int kPollMs = 100;  // how soon a stop request is noticed

struct MultiCleanup {
  void operator()(CURLM* m) const { curl_multi_cleanup(m); }
};
struct EasyCleanup {
  void operator()(CURL* e) const { curl_easy_cleanup(e); }
};
struct ListCleanup {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};
using Multi = std::unique_ptr<CURLM, MultiCleanup>;
using Easy = std::unique_ptr<CURL, EasyCleanup>;
using List = std::unique_ptr<curl_slist, ListCleanup>;

// One request under way; its address is what libcurl's callbacks get.
struct Transfer {
  Transfer(std::size_t i, Exchange e, Easy h) : index(i), exchange(std::move(e)), easy(std::move(h)) {}
  std::size_t index;
  Exchange exchange;
  Easy easy;
  List headers = {};
  http::Response response = {};
  std::size_t header_bytes = 0;
  int times_sent = 0;
  std::optional<Gunzip> packed = {};  // once a body in gzip began
  bool body_too_large = false;
  bool body_broken = false;                      // in an encoding that was not asked for, or not one whole stream
  std::array<char, CURL_ERROR_SIZE> words = {};  // of libcurl; may name a proxy's login, so that nobody sees them
};

// Why the body is unpacked here and not by libcurl: that takes a stream that ends too early for a whole one.
bool append_unpacked(Transfer& t, std::string_view bytes) {
  if (!t.packed) t.packed.emplace(t.exchange.max_body_bytes);
  switch (t.packed->take(bytes, t.response.body)) {
    case Gunzip::Taken::yes:
      return true;
    case Gunzip::Taken::broken:
      t.body_broken = true;
      return false;
    case Gunzip::Taken::too_large:
      t.body_too_large = true;
      return false;
  }
  return false;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  const std::string encoding = text::lower_ascii(text::trim(t.response.headers.get("Content-Encoding")));
  if (encoding == "gzip" || encoding == "x-gzip") return append_unpacked(t, {data, bytes}) ? bytes : 0;
  if (!encoding.empty() && encoding != "identity") {
    t.body_broken = true;
    return 0;
  }
  if (t.response.body.size() + bytes > t.exchange.max_body_bytes) {
    t.body_too_large = true;
    return 0;
  }
  t.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  t.header_bytes += line.size();
  if (t.header_bytes > kMaxHeaderBytes) {
    t.body_too_large = true;
    return 0;
  }
  if (text::starts_with(line, "HTTP/")) {
    t.response.headers.list.clear();  // those of an interim answer
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    t.response.headers.add(std::string(line.substr(0, colon)), text::trim(line.substr(colon + 1)));
  }
  return line.size();
}

// Called right before the request goes out. On a pooled connection that turns out to be dead libcurl would quietly
// send it again, although the server may have applied the first one; that decision is the caller's.
int before_sending(void* user, char*, char*, int, int) {
  auto& t = *static_cast<Transfer*>(user);
  return ++t.times_sent == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

List header_list(const http::Request& request) {
  List list;
  const auto add = [&list](const std::string& line) {
    curl_slist* grown = curl_slist_append(list.get(), line.c_str());
    if (grown == nullptr) return;
    (void)list.release();
    list.reset(grown);
  };
  add("Expect:");  // no extra round trip before a body
  if (!request.headers.find("Content-Type")) add("Content-Type:");
  if (!request.headers.find("Accept-Encoding")) add("Accept-Encoding: gzip");
  if (!request.headers.find("Accept")) add("Accept: application/json");
  for (const http::Header& h : request.headers.list) add(h.value.empty() ? h.name + ";" : h.name + ": " + h.value);
  return list;
}

void set_method(CURL* easy, const http::Request& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool posts = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (posts || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());  // not copied; lives in the Transfer
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_proxy(CURL* easy, const std::string& host, const CurlOptions& options) {
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (http::is_loopback(host)) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    return;
  }
  if (!options.ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options.ca_bundle.c_str());
  if (options.proxy.empty()) return;
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  if (options.proxy_user.empty()) return;
  curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, options.proxy_user.c_str());
  curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, options.proxy_password.reveal().c_str());
  // Whichever of them the proxy offers; the password itself is sent to one that offers nothing else only.
  curl_easy_setopt(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_NTLM));
}

void prepare(Transfer& t, const CurlOptions& options) {
  CURL* easy = t.easy.get();
  const http::Request& request = t.exchange.request;
  const auto url = http::parse_url(request.url);
  t.headers = header_list(request);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  set_method(easy, request);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t.headers.get());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "cosell-bridge/0.1");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  // A burst of requests shares one HTTP/2 connection instead of opening one each.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, url->scheme == "https" ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_bundle.c_str());
  set_proxy(easy, url->host, options);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t.words.data());
  const std::int64_t timeout = std::max<std::int64_t>(1, t.exchange.timeout.ms);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(timeout, options.connect_timeout.ms)));
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, &t);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &t);
}

// The proxy's answer to the wish to reach another machine was no.
Reply refused_by_proxy(const ProxyInUse& proxy, const std::string& host, long status, bool login_sent) {
  const std::string who = "The proxy " + proxy.address + " (" + proxy.from + ") ";
  if (status == 407) {
    // Not tried again by itself: a wrong password that is sent often locks accounts.
    return not_sent(ErrorClass::config,
                    who +
                        (login_sent ? "does not accept the login that it was given"
                                    : "wants a login before it lets " + host + " through") +
                        " (407). Give user and password as \"network\": { \"proxy\": \"" + proxy.address +
                        "\", \"proxy_user\": …, \"proxy_password\": \"file:…\" } in the configuration.");
  }
  const std::string answered = " (it answered " + std::to_string(status) + "). ";
  if (status >= 500 || status == 408 || status == 429) {
    return not_sent(ErrorClass::transient, who + "cannot reach " + host + answered +
                                               "Ask those who run it, or name another one as \"network\": { "
                                               "\"proxy\": … } in the configuration.");
  }
  return not_sent(ErrorClass::config, who + "does not let " + host + " through" + answered +
                                          "Ask those who run it to allow " + host +
                                          ", or name another one as \"network\": { \"proxy\": … } in the "
                                          "configuration.");
}

// Whether the connection that failed was the one to the proxy: libcurl tells it in words only.
bool failed_at_proxy(const Transfer& t, const ProxyInUse& proxy) {
  const auto url = http::parse_url(proxy.address);
  const std::string words = text::lower_ascii(t.words.data());
  return words.find("proxy") != std::string::npos ||
         (url && !url->host.empty() && words.find(text::lower_ascii(url->host)) != std::string::npos);
}

std::optional<Reply> stopped_at_proxy(const Transfer& t, CURLcode code, const CurlOptions& options) {
  const std::string host = host_of(t.exchange.request);
  const auto proxy = http::is_loopback(host) ? std::nullopt : proxy_in_use(options.proxy);
  if (!proxy) return std::nullopt;
  long status = 0;
  curl_easy_getinfo(t.easy.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  if (status >= 300) return refused_by_proxy(*proxy, host, status, !options.proxy_user.empty());
  const std::string who = "The proxy " + proxy->address + " (" + proxy->from + ") ";
  if (code == CURLE_COULDNT_RESOLVE_PROXY) {
    return not_sent(ErrorClass::transient, who +
                                               "cannot be found: its name cannot be resolved. Check the address and "
                                               "DNS.");
  }
  // As long as there is no way through it, whatever takes too long is the proxy; libcurl's words do not always say so.
  const bool too_slow = code == CURLE_OPERATION_TIMEDOUT && text::starts_with(proxy->address, "http");
  const bool at_proxy = too_slow || failed_at_proxy(t, *proxy);
  if (code == CURLE_PEER_FAILED_VERIFICATION || status != 0 || !at_proxy) return std::nullopt;
  return not_sent(ErrorClass::transient,
                  who + "cannot be reached: " + curl_easy_strerror(code) + ". Check its address, and that it runs.");
}

// Why nothing could be sent.
Reply unreachable(const Transfer& t, CURLcode code, const CurlOptions& options) {
  const std::string host = host_of(t.exchange.request);
  if (auto reply = stopped_at_proxy(t, code, options)) return std::move(*reply);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return not_sent(ErrorClass::transient, "The name " + host + " cannot be resolved. Check the address and DNS.");
    case CURLE_PEER_FAILED_VERIFICATION:
      return not_sent(ErrorClass::transient,
                      "The certificate of " + host +
                          " is not trusted. If your network inspects TLS, name its CA file in the configuration: "
                          "\"network\": { \"ca_bundle\": … }.");
    case CURLE_SSL_CACERT_BADFILE:
      return not_sent(ErrorClass::config, "The CA file " + options.ca_bundle +
                                              " cannot be used. Correct \"network\": { \"ca_bundle\": … } in the "
                                              "configuration.");
    case CURLE_OPERATION_TIMEDOUT:
      return not_sent(ErrorClass::transient, host + " cannot be reached: no connection in time.");
    default:
      return not_sent(ErrorClass::transient, host + " cannot be reached: " + curl_easy_strerror(code) + ".");
  }
}

// Why a request that was sent has no usable answer.
Reply unanswered(const Transfer& t, CURLcode code) {
  const http::Request& request = t.exchange.request;
  if (t.body_too_large) return too_large(t.exchange);
  if (t.body_broken) code = CURLE_BAD_CONTENT_ENCODING;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return lost(request, "it took longer than " + to_string(t.exchange.timeout));
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
      return lost(request, "the answer broke off");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: {
      Error error = make_error(ErrorClass::bad_response,
                               "The answer of " + host_of(request) + " is not HTTP that can be understood.");
      error.request_id = id_sent_with(request);
      return {std::move(error), true};
    }
    default:
      return lost(request, "the connection was closed");
  }
}

Reply reply_of(Transfer& t, CURLcode code, const CurlOptions& options) {
  if (code == CURLE_OK && t.packed && !t.packed->whole()) return unanswered(t, CURLE_BAD_CONTENT_ENCODING);
  if (code != CURLE_OK) return t.times_sent == 0 ? unreachable(t, code, options) : unanswered(t, code);
  long status = 0;
  curl_easy_getinfo(t.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  t.response.status = static_cast<int>(status);
  return {std::move(t.response), true};
}

Reply stopped_reply(const Transfer& t) {
  if (t.times_sent == 0 || only_reads(t.exchange.request)) {
    return {make_error(ErrorClass::cancelled, "Stopped before " + host_of(t.exchange.request) + " answered."),
            t.times_sent > 0};
  }
  return lost(t.exchange.request, "the bridge was stopped");
}

Reply without_memory(const Exchange& exchange) {
  return not_sent(ErrorClass::transient, "Not enough memory to call " + host_of(exchange.request) + ".");
}

// One call of stream().
class Run {
 public:
  Run(CURLM* multi, const CurlOptions& options, const Transport::Done& done)
      : multi_(multi), options_(options), done_(done) {}
  ~Run() {
    for (const Transfer& t : under_way_) curl_multi_remove_handle(multi_, t.easy.get());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void go(const Transport::Next& next, const Transport::Limit& limit) {
    for (;;) {
      if (!SystemClock::interrupted()) fill(next, limit);
      if (under_way_.empty()) return;
      int running = 0;
      curl_multi_perform(multi_, &running);
      if (finish_some()) continue;
      if (drained()) return stop_all();
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }

 private:
  void fill(const Transport::Next& next, const Transport::Limit& limit) {
    while (under_way_.size() < static_cast<std::size_t>(std::max(1, limit()))) {
      std::optional<Exchange> exchange = next();
      if (!exchange) return;
      start(std::move(*exchange));
    }
  }

  void start(Exchange exchange) {
    const std::size_t index = started_++;
    if (Result<void> callable = check_callable(exchange.request); !callable) {
      return done_(index, {std::move(callable.error()), false});
    }
    Easy easy(curl_easy_init());
    if (!easy) return done_(index, without_memory(exchange));
    under_way_.emplace_back(index, std::move(exchange), std::move(easy));
    Transfer& t = under_way_.back();
    prepare(t, options_);
    if (curl_multi_add_handle(multi_, t.easy.get()) == CURLM_OK) return;
    const Exchange refused = std::move(t.exchange);
    under_way_.pop_back();
    done_(index, without_memory(refused));
  }

  // Hands out every reply that is complete; false when there was none.
  bool finish_some() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      void* owner = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
      finish(*static_cast<Transfer*>(owner), code);
      any = true;
    }
    return any;
  }

  void finish(Transfer& t, CURLcode code) {
    Reply reply = reply_of(t, code, options_);
    const std::size_t index = t.index;
    curl_multi_remove_handle(multi_, t.easy.get());
    under_way_.remove_if([&t](const Transfer& other) { return &other == &t; });
    done_(index, std::move(reply));
  }

  // Whether the process was asked to stop and the time for finishing is over.
  bool drained() {
    if (!SystemClock::interrupted()) return false;
    const Instant now = SystemClock().now();
    if (!stop_by_) stop_by_ = now + options_.drain;
    return now >= *stop_by_;
  }

  void stop_all() {
    while (!under_way_.empty()) {
      Transfer& t = under_way_.front();
      Reply reply = stopped_reply(t);
      const std::size_t index = t.index;
      curl_multi_remove_handle(multi_, t.easy.get());
      under_way_.pop_front();
      done_(index, std::move(reply));
    }
  }

  CURLM* multi_;
  const CurlOptions& options_;
  const Transport::Done& done_;
  std::list<Transfer> under_way_;
  std::size_t started_ = 0;
  std::optional<Instant> stop_by_;
};

}  // namespace

struct CurlTransport::Pool {
  std::mutex mutex;
  std::vector<Multi> idle;

  Multi take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Multi(curl_multi_init());
    Multi multi = std::move(idle.back());
    idle.pop_back();
    return multi;
  }
  void give_back(Multi multi) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(multi));
  }
};

CurlTransport::CurlTransport(CurlOptions options) : options_(std::move(options)), pool_(std::make_unique<Pool>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CurlTransport::~CurlTransport() = default;

void CurlTransport::stream(const Next& next, const Done& done, const Limit& max_in_flight) {
  Multi multi = pool_->take();
  if (!multi) {
    for (std::size_t i = 0; std::optional<Exchange> exchange = next(); ++i) done(i, without_memory(*exchange));
    return;
  }
  Run(multi.get(), options_, done).go(next, max_in_flight);
  pool_->give_back(std::move(multi));
}

}  // namespace cosell::net
