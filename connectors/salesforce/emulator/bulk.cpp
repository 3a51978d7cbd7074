// Bulk API 2.0: jobs that take CSV in (ingest) and give CSV out (query).
// A job is worked off at once when its upload is complete; the switch bulk_polls says how often it still answers
// "InProgress" before it shows that. Jobs are forgotten when the emulator stops, as those of a real org after a week.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "connectors/emulator/csv.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

constexpr std::size_t kJobsKept = 200;

std::string csv_cell(const std::string& value) { return "\"" + text::replace_all(value, "\"", "\"\"") + "\""; }

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + csv_cell(cell);
  return line + "\n";
}

Answer csv_answer(std::string body) {
  Answer answer;
  answer.csv = std::move(body);
  return answer;
}

std::string text_of(const Json& body, const char* name) {
  const auto it = body.is_object() ? body.find(name) : body.end();
  return body.is_object() && it != body.end() && it->is_string() ? it->get<std::string>() : "";
}

Answer job_answer(const Call& call, const BulkJob& job) {
  Answer answer;
  const std::string kind = job.query ? "query" : "ingest";
  answer.body = Json{{"id", job.id},
                     {"operation", job.operation},
                     {"object", job.object},
                     {"createdById", to_18(job.user)},
                     {"createdDate", stamp_text(job.created)},
                     {"systemModstamp", stamp_text(job.created)},
                     {"state", job.state == "JobComplete" && job.polls_left > 0 ? "InProgress" : job.state},
                     {"concurrencyMode", "Parallel"},
                     {"contentType", "CSV"},
                     {"apiVersion", parse_number(call.version.substr(1)).value_or(0)},
                     {"lineEnding", "LF"},
                     {"columnDelimiter", "COMMA"}};
  if (!job.query) {
    answer.body["contentUrl"] = call.base().substr(1) + "/jobs/ingest/" + job.id + "/batches";
    if (!job.external_id_field.empty()) answer.body["externalIdFieldName"] = job.external_id_field;
  }
  if (!job.error.empty()) answer.body["errorMessage"] = job.error;
  answer.body["numberRecordsProcessed"] = job.done + job.failed;
  answer.body["numberRecordsFailed"] = job.failed;
  answer.body["retries"] = 0;
  answer.body["totalProcessingTime"] = 0;
  return answer;
}

BulkJob& keep(State& state, BulkJob job) {
  if (state.bulk_jobs.size() >= kJobsKept) state.bulk_jobs.erase(state.bulk_jobs.begin());
  state.bulk_jobs.push_back(std::move(job));
  return state.bulk_jobs.back();
}

BulkJob new_job(const Call& call) {
  BulkJob job;
  job.id = to_18("750" + random_text(call.random, 12));
  job.operation = text_of(call.body, "operation");
  job.user = call.user;
  job.created = call.now;
  return job;
}

// ---- ingest

bool takes_external_id(const Object& object, const std::string& field) {
  const auto index = object.find(field);
  return index && (object.fields[*index].external_id || object.fields[*index].system == System::id);
}

Answer open_ingest(Call& call) {
  BulkJob job = new_job(call);
  const Object* object = call.state.model.schema().find(text_of(call.body, "object"));
  if (object == nullptr)
    return refuse(400, "INVALIDENTITY", "Entity is not supported: " + text_of(call.body, "object"));
  const std::vector<std::string> operations = {"insert", "update", "upsert", "delete"};
  if (std::find(operations.begin(), operations.end(), job.operation) == operations.end()) {
    return refuse(400, "INVALIDOPERATION", "Operation \"" + job.operation + "\" is not supported.");
  }
  job.object = object->name;
  job.external_id_field = text_of(call.body, "externalIdFieldName");
  if (job.operation == "upsert" && !takes_external_id(*object, job.external_id_field)) {
    return refuse(400, "INVALIDJOB",
                  "InvalidJob : Field name provided, " + job.external_id_field + " does not match an External ID for " +
                      object->name);
  }
  job.state = "Open";
  return job_answer(call, keep(call.state, std::move(job)));
}

Json fields_of(const CsvFile& file, const CsvRow& row, std::string& id) {
  Json fields = Json::object();
  for (std::size_t i = 0; i < file.header.size(); ++i) {
    const std::string name = text::trim(file.header[i]);
    const std::string& cell = row.cells[i];
    if (text::equals_ignore_case(name, "Id")) {
      id = cell;
    } else if (cell == "#N/A") {
      fields[name] = nullptr;
    } else if (!cell.empty()) {
      fields[name] = cell;  // an empty cell leaves the field as it is
    }
  }
  return fields;
}

Outcome<Written> upsert_fields(Writer& writer, const Object& object, const BulkJob& job, Json fields) {
  const auto index = object.find(job.external_id_field);
  if (!index) return fail("INVALID_FIELD", "No such column '" + job.external_id_field + "'");
  std::string value;
  for (const auto& member : fields.items()) {
    if (!text::equals_ignore_case(member.key(), job.external_id_field)) continue;
    value = member.value().is_string() ? member.value().get<std::string>() : "";
  }
  if (value.empty()) return fail("MISSING_ARGUMENT", job.external_id_field + " not specified");
  const auto rows = find_by_value(writer.state, object, *index, value);
  if (rows.size() > 1) return fail("DUPLICATE_EXTERNAL_ID", job.external_id_field + ": more than one record found");
  return rows.empty() ? create_record(writer, object, fields) : update_record(writer, object, rows.front()->id, fields);
}

Outcome<Written> write_row(Writer& writer, const Object& object, const BulkJob& job, const CsvFile& file,
                           const CsvRow& row) {
  std::string id;
  const Json fields = fields_of(file, row, id);
  if (job.operation == "insert") return create_record(writer, object, fields);
  if (job.operation == "upsert" && !text::equals_ignore_case(job.external_id_field, "Id")) {
    return upsert_fields(writer, object, job, fields);
  }
  if (job.operation == "upsert" && id.empty()) return create_record(writer, object, fields);
  const auto id15 = parse_id(id);
  if (!id15) return fail("MALFORMED_ID", "bad id " + id);
  return job.operation == "delete" ? delete_record(writer, object, *id15)
                                   : update_record(writer, object, *id15, fields);
}

void work_off(Call& call, BulkJob& job) {
  const auto file = read_csv(job.upload);
  if (!file) {
    job.state = "Failed";
    job.error = "InvalidBatch : " + file.error().message;
    return;
  }
  const Object& object = *call.state.model.schema().find(job.object);
  Writer writer = call.writer();
  const std::string columns = csv_line(file->header);
  job.successful = "\"sf__Id\",\"sf__Created\"," + columns;
  job.unsuccessful = "\"sf__Id\",\"sf__Error\"," + columns;
  job.unprocessed = columns;
  for (const CsvRow& row : file->rows) {
    const Outcome<Written> written = write_row(writer, object, job, *file, row);
    const std::string cells = csv_line(row.cells);
    if (written) {
      job.successful +=
          csv_cell(to_18(written->id)) + "," + csv_cell(written->created ? "true" : "false") + "," + cells;
      ++job.done;
    } else {
      const ApiError& e = written.error().front();
      const std::string fields = e.fields.empty() ? "--" : text::join(e.fields, ",");
      job.unsuccessful += "\"\"," + csv_cell(e.code + ":" + e.message + ":" + fields) + "," + cells;
      ++job.failed;
    }
  }
  job.state = "JobComplete";
}

Answer change_state(Call& call, BulkJob& job) {
  const std::string state = text_of(call.body, "state");
  if (state == "Aborted" && job.state != "JobComplete") {
    job.state = state;
  } else if (state == "UploadComplete" && job.state == "Open") {
    job.polls_left = call.state.settings.bulk_polls;
    work_off(call, job);
    Answer answer = job_answer(call, job);
    if (job.state == "JobComplete") answer.body["state"] = "UploadComplete";
    return answer;
  } else {
    return refuse(400, "INVALIDJOBSTATE",
                  "Job state cannot become \"" + state + "\"; it is \"" + job.state + "\" at present.");
  }
  return job_answer(call, job);
}

Answer take_upload(Call& call, BulkJob& job) {
  if (call.method != "PUT") return wrong_method(call, "PUT");
  if (job.state != "Open" || !job.upload.empty()) {
    return refuse(400, "INVALIDJOBSTATE", "Data can be uploaded once, while the job is open.");
  }
  const std::string type = call.header("Content-Type");
  if (!text::equals_ignore_case(text::trim(type.substr(0, type.find(';'))), "text/csv")) {
    return refuse(415, "UNSUPPORTED_MEDIA_TYPE", "The upload must be text/csv.");
  }
  job.upload = call.raw_body;
  Answer answer = no_content();
  answer.status = 201;
  return answer;
}

Answer ingest_part(Call& call, BulkJob& job, const std::string& part) {
  if (part == "batches") return take_upload(call, job);
  if (call.method != "GET") return wrong_method(call, "GET");
  if (text::equals_ignore_case(part, "successfulResults")) return csv_answer(job.successful);
  if (text::equals_ignore_case(part, "failedResults")) return csv_answer(job.unsuccessful);
  if (text::equals_ignore_case(part, "unprocessedRecords")) return csv_answer(job.unprocessed);
  return not_found();
}

// ---- query

std::string cell_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

// The value at "Account.Name" of a rendered record; names are compared without case.
std::string cell_at(const Json& record, const std::vector<std::string>& names, std::string& canonical) {
  const Json* at = &record;
  for (const std::string& name : names) {
    const Json* next = nullptr;
    if (at->is_object()) {
      for (const auto& member : at->items()) {
        if (!text::equals_ignore_case(member.key(), name)) continue;
        next = &member.value();
        canonical += (canonical.empty() ? "" : ".") + member.key();
      }
    }
    if (next == nullptr) return "";
    at = next;
  }
  return cell_text(*at);
}

Answer open_query(Call& call) {
  BulkJob job = new_job(call);
  job.query = true;
  if (job.operation != "query" && job.operation != "queryAll") {
    return refuse(400, "INVALIDOPERATION", "Operation must be query or queryAll.");
  }
  const std::string soql_text = text_of(call.body, "query");
  const auto parsed = soql::parse(soql_text);
  if (!parsed) return refuse(parsed.error());
  if (parsed->count) return refuse(400, "API_ERROR", "Aggregate queries are not supported in bulk queries.");
  auto bound = bind(call.state, *parsed, call.now);
  if (!bound) return refuse(bound.error());
  job.object = bound->slots.front().object->name;
  RunOptions options;
  options.with_deleted = job.operation == "queryAll";
  options.now = call.now;
  const ResultSet result = run(call.state, std::move(*bound), options);
  std::vector<std::string> header;
  for (const soql::Path& path : parsed->fields) header.push_back(text::join(path.names, "."));
  for (std::size_t n = 0; n < result.total; ++n) {
    const Json record = render(result, n, call.version);
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < parsed->fields.size(); ++i) {
      std::string canonical;
      cells.push_back(cell_at(record, parsed->fields[i].names, canonical));
      if (text::equals_ignore_case(canonical, header[i])) header[i] = canonical;
    }
    job.rows.push_back(csv_line(cells));
  }
  job.header = csv_line(header);
  job.done = static_cast<std::int64_t>(result.total);
  job.polls_left = call.state.settings.bulk_polls;
  job.state = "JobComplete";
  Answer answer = job_answer(call, keep(call.state, std::move(job)));
  answer.body["state"] = "UploadComplete";
  return answer;
}

Answer query_results(const Call& call, const BulkJob& job) {
  if (call.method != "GET") return wrong_method(call, "GET");
  if (job.polls_left > 0) return refuse(400, "INVALIDJOBSTATE", "The job has no results yet.");
  const auto wish = parse_number(call.parameter("maxRecords"));
  const std::size_t most = wish && *wish >= 1 ? static_cast<std::size_t>(*wish) : job.rows.size();
  const std::string locator = call.parameter("locator");
  std::size_t from = 0;
  const auto read = std::from_chars(locator.data(), locator.data() + locator.size(), from);
  if (!locator.empty() && (read.ec != std::errc() || from > job.rows.size())) {
    return refuse(400, "INVALIDLOCATOR", "invalid locator");
  }
  const std::size_t to = job.rows.size() - from > most ? from + most : job.rows.size();
  std::string body = job.header;
  for (std::size_t n = from; n < to; ++n) body += job.rows[n];
  Answer answer = csv_answer(std::move(body));
  answer.headers.set("Sforce-NumberOfRecords", std::to_string(to - from));
  answer.headers.set("Sforce-Locator", to < job.rows.size() ? std::to_string(to) : "null");
  return answer;
}

// ---- both

Answer one_job(Call& call, BulkJob& job) {
  if (call.path.size() == 4) {
    if (!job.query) return ingest_part(call, job, call.path[3]);
    return text::equals_ignore_case(call.path[3], "results") ? query_results(call, job) : not_found();
  }
  if (call.method == "GET") {
    Answer answer = job_answer(call, job);
    if (job.polls_left > 0) --job.polls_left;
    return answer;
  }
  if (call.method == "PATCH") return change_state(call, job);
  if (call.method != "DELETE") return wrong_method(call, "DELETE,GET,PATCH");
  auto& jobs = call.state.bulk_jobs;
  const std::string id = job.id;
  jobs.erase(std::remove_if(jobs.begin(), jobs.end(), [&](const BulkJob& j) { return j.id == id; }), jobs.end());
  return no_content();
}

}  // namespace

Answer bulk_jobs(Call& call, std::string& shape) {
  const bool known = call.path.size() >= 2 && (call.path[1] == "ingest" || call.path[1] == "query");
  if (!known || call.path.size() > 4) return not_found();
  const bool query = call.path[1] == "query";
  if (call.path.size() == 2) {
    if (call.method == "POST") return query ? open_query(call) : open_ingest(call);
    if (call.method != "GET") return wrong_method(call, "GET,POST");
    Answer answer;
    Json records = Json::array();
    for (const BulkJob& job : call.state.bulk_jobs) {
      if (job.query == query) records.push_back(job_answer(call, job).body);
    }
    answer.body = Json{{"done", true}, {"records", std::move(records)}, {"nextRecordsUrl", nullptr}};
    return answer;
  }
  shape = call.base() + "/jobs/" + call.path[1] + "/{id}" + (call.path.size() == 4 ? "/" + call.path[3] : "");
  const auto id = parse_id(call.path[2]);
  for (BulkJob& job : call.state.bulk_jobs) {
    if (job.query == query && id && job.id == to_18(*id)) return one_job(call, job);
  }
  return not_found();
}

}  // namespace cosell::emulator::salesforce
