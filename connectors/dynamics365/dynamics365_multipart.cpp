// Writes and reads multipart/mixed as the Web API uses it: CR LF everywhere, one level of nesting for change sets.
#include "connectors/dynamics365/dynamics365_multipart.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace cosell::dynamics365 {
namespace {

constexpr std::string_view kLine = "\r\n";

void write_request(const BatchRequest& request, int content_id, std::string& out) {
  out += "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n";
  if (content_id > 0) out += "Content-ID: " + std::to_string(content_id) + "\r\n";
  out += "\r\n" + request.method + " " + request.path + " HTTP/1.1\r\nAccept: application/json\r\n";
  for (const http::Header& h : request.headers) out += h.name + ": " + h.value + "\r\n";
  if (!request.body.empty()) out += "Content-Type: application/json\r\n";
  out += "\r\n";
  if (!request.body.empty()) out += request.body + "\r\n";
}

// ---- reading

// Takes one line off the text; empty when no line is complete.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return line;
}

// Headers up to the empty line; false when there is no such line.
bool take_headers(std::string_view& rest, http::Headers& headers) {
  while (const auto line = take_line(rest)) {
    if (line->empty()) return true;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) return false;
    headers.add(text::trim(line->substr(0, colon)), text::trim(line->substr(colon + 1)));
  }
  return false;
}

std::string boundary_of(const std::string& content_type) {
  for (const std::string& part : text::split(content_type, ';')) {
    std::string field = text::trim(part);
    if (!text::starts_with(text::lower_ascii(field), "boundary=")) continue;
    field = field.substr(std::string_view("boundary=").size());
    if (field.size() > 1 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    return field;
  }
  return "";
}

// The texts between the delimiters; empty result when the closing delimiter is missing.
std::optional<std::vector<std::string_view>> split_parts(std::string_view body, const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  std::vector<std::string_view> parts;
  std::size_t at = body.find(delimiter);
  if (boundary.empty() || at == std::string_view::npos) return std::nullopt;
  for (;;) {
    at += delimiter.size();
    if (body.substr(at, 2) == "--") return parts;
    const std::size_t line_end = body.find('\n', at);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::size_t next = body.find("\n" + delimiter, line_end);
    if (next == std::string_view::npos) return std::nullopt;
    parts.push_back(body.substr(line_end + 1, next + 1 - (line_end + 1)));
    at = next + 1;
  }
}

// "HTTP/1.1 204 No Content", headers, body.
std::optional<http::Response> read_http(std::string_view rest) {
  const auto line = take_line(rest);
  if (!line || !text::starts_with(*line, "HTTP/1.")) return std::nullopt;
  const std::size_t blank = line->find(' ');
  if (blank == std::string_view::npos || line->size() < blank + 4) return std::nullopt;
  http::Response response;
  for (const char c : line->substr(blank + 1, 3)) {
    if (c < '0' || c > '9') return std::nullopt;
    response.status = response.status * 10 + (c - '0');
  }
  if (!take_headers(rest, response.headers)) return std::nullopt;
  response.body = text::trim(rest);
  return response;
}

std::optional<BatchAnswer> read_part(std::string_view part, bool nested) {
  http::Headers headers;
  if (!take_headers(part, headers)) return std::nullopt;
  const std::string type = headers.get("Content-Type");
  BatchAnswer answer;
  if (!text::starts_with(text::lower_ascii(type), "multipart/mixed")) {
    auto response = read_http(part);
    if (!response) return std::nullopt;
    answer.answers.push_back(*std::move(response));
    return answer;
  }
  const auto members = nested ? std::nullopt : split_parts(part, boundary_of(type));
  if (!members) return std::nullopt;
  for (const std::string_view member : *members) {
    auto inner = read_part(member, true);
    if (!inner) return std::nullopt;
    answer.answers.push_back(std::move(inner->answers.front()));
  }
  return answer.answers.empty() ? std::nullopt : std::optional<BatchAnswer>(std::move(answer));
}

}  // namespace

bool BatchAnswer::failed() const {
  return std::any_of(answers.begin(), answers.end(), [](const http::Response& r) { return r.status >= 300; });
}

std::string write_batch(const std::vector<BatchItem>& items, const std::string& boundary) {
  std::string out;
  int sets = 0;
  int content_id = 0;
  for (const BatchItem& item : items) {
    out += "--" + boundary + "\r\n";
    if (!item.change_set) {
      write_request(item.requests.front(), 0, out);
      continue;
    }
    // No boundary may begin with the other one.
    const std::string inner = "changeset" + std::to_string(++sets) + "_" + boundary;
    out += "Content-Type: multipart/mixed; boundary=" + inner + "\r\n\r\n";
    for (const BatchRequest& request : item.requests) {
      out += "--" + inner + "\r\n";
      write_request(request, ++content_id, out);
    }
    out += "--" + inner + "--\r\n";
  }
  out += "--" + boundary + "--";
  return out.append(kLine);
}

bool is_multipart(const http::Response& response) {
  return text::starts_with(text::lower_ascii(text::trim(response.headers.get("Content-Type"))), "multipart/mixed");
}

Result<std::vector<BatchAnswer>> read_batch(const http::Response& response, const std::string& request) {
  const auto not_understood = [&](const std::string& what) {
    return make_error(ErrorClass::bad_response,
                      "Dynamics 365's answer to " + request + " cannot be understood: " + what);
  };
  if (!is_multipart(response)) return not_understood("it is not an answer to a batch.");
  const auto parts = split_parts(response.body, boundary_of(response.headers.get("Content-Type")));
  if (!parts) return not_understood("it is cut short.");
  std::vector<BatchAnswer> answers;
  answers.reserve(parts->size());
  for (const std::string_view part : *parts) {
    auto answer = read_part(part, false);
    if (!answer) return not_understood("a part of it is malformed.");
    answers.push_back(*std::move(answer));
  }
  return answers;
}

}  // namespace cosell::dynamics365
