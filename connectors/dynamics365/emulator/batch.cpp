// POST /$batch: multipart bodies taken apart, operations run one after the other, change sets as one step.
#include <algorithm>

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/emulator/toolkit.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr std::size_t kOperationsMax = 1000;

struct Part {
  http::Headers headers;
  std::string body;
};

struct Request {
  std::string content_id;
  Operation operation;
};

// One part of the batch: a single operation, or the members of a change set.
struct Item {
  bool change_set = false;
  std::vector<Request> requests;
};

tl::unexpected<ApiError> unreadable(const std::string& why) {
  return fail(
      400, "0x80048d19",
      "Error identified in Payload provided by the user for Entity :'', InnerException : Stream was not readable. " +
          why);
}

std::string boundary_of(const std::string& content_type) {
  for (const std::string& part : text::split(content_type, ';')) {
    const std::string field = text::trim(part);
    if (!text::starts_with(text::lower_ascii(field), "boundary=")) continue;
    std::string boundary = field.substr(9);
    if (boundary.size() > 1 && boundary.front() == '"' && boundary.back() == '"')
      boundary = boundary.substr(1, boundary.size() - 2);
    return boundary;
  }
  return "";
}

// Reads lines that end in CR LF; a bare LF is an error, as the platform has it.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::optional<std::string> next() {
    const std::size_t end = text_.find("\r\n", at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text_.substr(at_, end - at_);
    if (line.find('\n') != std::string_view::npos) return std::nullopt;
    at_ = end + 2;
    return std::string(line);
  }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<http::Headers> read_headers(Lines& lines) {
  http::Headers headers;
  while (auto line = lines.next()) {
    if (line->empty()) return headers;
    const std::size_t colon = line->find(':');
    if (colon == std::string::npos) return std::nullopt;
    headers.add(text::trim(line->substr(0, colon)), text::trim(line->substr(colon + 1)));
  }
  return std::nullopt;
}

Outcome<std::vector<Part>> split_parts(std::string_view body, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  std::vector<Part> parts;
  std::size_t at = body.find(delimiter);
  if (boundary.empty() || at == std::string_view::npos) return unreadable("The boundary was not found.");
  while (true) {
    at += delimiter.size();
    if (body.substr(at, 2) == "--") {
      if (body.substr(at + 2, 2) == "\r\n") return parts;
      return unreadable("The last line must end in CR LF.");
    }
    if (body.substr(at, 2) != "\r\n") return unreadable("Lines must end in CR LF.");
    const std::size_t end = body.find("\r\n" + delimiter, at);
    if (end == std::string_view::npos) return unreadable("A part is not closed.");
    Lines lines(body.substr(at + 2, end - at));
    auto headers = read_headers(lines);
    if (!headers) return unreadable("The headers of a part are malformed; lines must end in CR LF.");
    Part part;
    part.headers = std::move(*headers);
    part.body = std::string(lines.rest());
    parts.push_back(std::move(part));
    at = end + 2;
  }
}

Outcome<Request> read_request(const Part& part, bool in_change_set) {
  Lines lines(part.body);
  const auto line = lines.next();
  const std::size_t first = line ? line->find(' ') : std::string::npos;
  const std::size_t last = line ? line->rfind(" HTTP/") : std::string::npos;
  if (first == std::string::npos || last == std::string::npos || last <= first) {
    return unreadable("The request line of a part is malformed.");
  }
  auto headers = read_headers(lines);
  if (!headers) return unreadable("The headers of a request are malformed; lines must end in CR LF.");
  Request request;
  request.content_id = part.headers.get("Content-ID");
  request.operation.method = line->substr(0, first);
  request.operation.url = line->substr(first + 1, last - first - 1);
  request.operation.headers = std::move(*headers);
  request.operation.body = text::trim(lines.rest());
  request.operation.inside = true;
  request.operation.in_change_set = in_change_set;
  return request;
}

Outcome<Item> read_item(const Part& part) {
  Item item;
  const std::string type = part.headers.get("Content-Type");
  if (!text::starts_with(text::lower_ascii(type), "multipart/mixed")) {
    auto request = read_request(part, false);
    if (!request) return tl::unexpected<ApiError>(request.error());
    item.requests.push_back(std::move(*request));
    return item;
  }
  item.change_set = true;
  const auto parts = split_parts(part.body, boundary_of(type));
  if (!parts) return tl::unexpected<ApiError>(parts.error());
  for (const Part& member : *parts) {
    auto request = read_request(member, true);
    if (!request) return tl::unexpected<ApiError>(request.error());
    if (request->operation.method == "GET") return fail(400, "0x80048d19", "A change set cannot hold GET requests.");
    if (request->content_id.empty())
      return fail(400, "0x80048d19", "The MIME part in a change set must have a Content-ID header.");
    item.requests.push_back(std::move(*request));
  }
  return item;
}

std::string part_text(const Answer& answer, const std::string& content_id, const std::string& request_id) {
  http::Response response = to_response(answer);
  if (answer.status >= 400) response.headers.set("REQ_ID", request_id);
  std::string out = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
  if (!content_id.empty()) out += "Content-ID: " + content_id + "\r\n";
  static const std::map<int, std::string> kReasons = {{200, "OK"},
                                                      {201, "Created"},
                                                      {204, "No Content"},
                                                      {304, "Not Modified"},
                                                      {400, "Bad Request"},
                                                      {403, "Forbidden"},
                                                      {404, "Not Found"},
                                                      {405, "Method Not Allowed"},
                                                      {412, "Precondition Failed"},
                                                      {415, "Unsupported Media Type"},
                                                      {429, "Too Many Requests"},
                                                      {500, "Internal Server Error"}};
  const auto reason = kReasons.find(answer.status);
  out += "\r\nHTTP/1.1 " + std::to_string(answer.status) + " " +
         (reason == kReasons.end() ? "Unknown" : reason->second) + "\r\n";
  for (const http::Header& h : response.headers.list) out += h.name + ": " + h.value + "\r\n";
  return out + "\r\n" + response.body + "\r\n";
}

class Batch {
 public:
  Batch(Context& context, bool go_on)
      : context_(context), go_on_(go_on), boundary_("batchresponse_" + context.random.uuid()) {}

  http::Response run(const std::vector<Item>& items) {
    for (const Item& item : items) {
      const bool fine = item.change_set ? change_set(item) : single(item.requests.front());
      if (fine || go_on_) continue;
      status_ = 400;
      break;
    }
    http::Response response;
    response.status = status_;
    response.headers.set("Content-Type", "multipart/mixed; boundary=" + boundary_);
    response.headers.set("OData-Version", "4.0");
    if (go_on_) response.headers.set("Preference-Applied", "odata.continue-on-error");
    response.body = body_ + "--" + boundary_ + "--\r\n";
    return response;
  }

 private:
  // "$1/name" means the row that the request with Content-ID 1 made.
  Outcome<void> resolve_url(std::string& url) const {
    const std::size_t dollar = url.find('$');
    const bool reference = dollar != std::string::npos && dollar + 1 < url.size() &&
                           (dollar == 0 || url[dollar - 1] == '/') && url[dollar + 1] >= '0' && url[dollar + 1] <= '9';
    if (!reference || url.find('?') < dollar) return {};
    const std::size_t end = std::min(url.find_first_of("/?", dollar), url.size());
    const std::string id = url.substr(dollar + 1, end - dollar - 1);
    const auto it = references_.find(id);
    if (it == references_.end()) {
      return fail(400, "0x80048d19", "Content-ID Reference: '$" + id + "' does not exist in the batch context.");
    }
    url = it->second + url.substr(end);
    return {};
  }

  Answer perform(const Request& request) {
    Operation operation = request.operation;
    if (auto resolved = resolve_url(operation.url); !resolved) return refuse(resolved.error());
    const std::string path = operation.url.substr(0, operation.url.find('?'));
    if (text::ends_with(path, "$batch")) return refuse(400, "0x80048d19", "A batch cannot hold another batch.");
    if (Settings& s = context_.state.settings; s.throttle_next_parts > 0) {
      --s.throttle_next_parts;
      Answer wait = refuse(429, "0x80072321", "Combined execution time of incoming requests exceeded limit.");
      wait.headers.set("Retry-After", std::to_string(s.throttle_retry_after));
      return wait;
    }
    context_.references = &references_;
    Answer answer = dynamics365::answer(context_, operation);
    context_.references = nullptr;
    remember(request, answer);
    return answer;
  }

  void remember(const Request& request, const Answer& answer) {
    if (request.content_id.empty() || answer.status >= 400) return;
    const std::string entity = answer.headers.get("OData-EntityId");
    if (!entity.empty()) {
      references_[request.content_id] = entity;
    } else if (answer.body && request.operation.method == "POST") {
      const auto below = below_root(request.operation.url);
      const auto path =
          below ? read_path(text::percent_decode(below->substr(0, below->find('?')))) : std::vector<Segment>{};
      const Table* table = path.empty() ? nullptr : context_.state.model.schema().find_set(path[0].name);
      if (table == nullptr) return;
      const std::string& key = table->columns[table->primary_id].name;
      references_[request.content_id] = "/" + table->set + "(" + answer.body->value(key, "") + ")";
    }
  }

  bool single(const Request& request) {
    const Answer answer = perform(request);
    put(part_text(answer, request.content_id, context_.random.uuid()));
    return answer.status < 400;
  }

  bool change_set(const Item& item) {
    Model& model = context_.state.model;
    const std::size_t savepoint = model.savepoint();
    const std::string inner = "changesetresponse_" + context_.random.uuid();
    std::string parts;
    for (const Request& request : item.requests) {
      const Answer answer = perform(request);
      const std::string text = part_text(answer, request.content_id, context_.random.uuid());
      if (answer.status >= 400) {
        model.roll_back(savepoint);
        references_.clear();
        const bool nested = context_.state.settings.failed_change_set == "nested";
        put(nested ? wrapped(inner, "--" + inner + "\r\n" + text) : text);
        return false;
      }
      parts += "--" + inner + "\r\n" + text;
    }
    model.release(savepoint);
    put(wrapped(inner, parts));
    return true;
  }

  static std::string wrapped(const std::string& boundary, const std::string& parts) {
    return "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n" + parts + "--" + boundary + "--\r\n";
  }
  void put(const std::string& part) { body_ += "--" + boundary_ + "\r\n" + part; }

  Context& context_;
  bool go_on_;
  std::string boundary_;
  std::string body_;
  int status_ = 200;
  std::map<std::string, std::string> references_;
};

}  // namespace

http::Response batch(Context& context, const http::Request& request) {
  const auto parts = split_parts(request.body, boundary_of(request.headers.get("Content-Type")));
  if (!parts) return to_response(refuse(parts.error()));
  std::vector<Item> items;
  std::size_t operations = 0;
  for (const Part& part : *parts) {
    auto item = read_item(part);
    if (!item) return to_response(refuse(item.error()));
    operations += item->requests.size();
    items.push_back(std::move(*item));
  }
  if (operations > kOperationsMax) {
    return to_response(refuse(400, "0x80048d19", "The number of operations in a batch must not exceed 1000."));
  }
  return Batch(context, read_preferences(request.headers).continue_on_error).run(items);
}

}  // namespace cosell::emulator::dynamics365
