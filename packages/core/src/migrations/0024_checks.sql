-- PostgreSQL parses the text of a table's checks anew in each statement that writes a row: six on a conversation and six on
-- a message took 130 of 1,300 us of begin_turn, 100 of 950 of settle_turn, 75 of 950 of append_messages. A function's body
-- is parsed once a session. The rules and their names are those of before. "Not valid", because they held for each row.
create function check_conversation(
  id text,
  scope text,
  is_default boolean,
  title text,
  title_source text,
  last_seq bigint,
  cleared_seq bigint,
  purged_seq bigint,
  deleted_count bigint,
  elsewhere_count bigint
) returns boolean
language plpgsql immutable as $$
declare
  violated text := case
    when octet_length(id) not between 1 and 128 or id ~ '[^!-~]' then 'conversations_id'
    when is_default and scope is null then 'conversations_default_scope'
    when title_source not in ('person', 'question', 'model') then 'conversations_title_source'
    when (title is null) <> (title_source is null) then 'conversations_title'
    when purged_seq < 0 or cleared_seq < purged_seq or last_seq < cleared_seq then 'conversations_seq'
    when deleted_count < 0 or elsewhere_count < 0 or deleted_count + elsewhere_count > last_seq - cleared_seq
      then 'conversations_deleted'
  end;
begin
  if violated is not null then
    raise check_violation using constraint = violated, message = 'violates the check ' || violated;
  end if;
  return true;
end
$$;

create function check_message(seq bigint, id text, role text, status text, parts json) returns boolean
language plpgsql immutable as $$
declare
  violated text := case
    when seq < 1 then 'messages_seq'
    when octet_length(id) not between 1 and 128 or id ~ '[^!-~]' then 'messages_id'
    when role not in ('system', 'user', 'assistant', 'tool') then 'messages_role'
    when status not in ('complete', 'streaming', 'stopped', 'interrupted', 'failed') then 'messages_status'
    when json_typeof(parts) <> 'array' then 'messages_parts'
    when json_array_length(parts) = 0 and (role <> 'assistant' or status = 'complete') then 'messages_not_empty'
  end;
begin
  if violated is not null then
    raise check_violation using constraint = violated, message = 'violates the check ' || violated;
  end if;
  return true;
end
$$;

alter table conversations
  drop constraint conversations_id,
  drop constraint conversations_default_scope,
  drop constraint conversations_title_source,
  drop constraint conversations_title,
  drop constraint conversations_seq,
  drop constraint conversations_deleted,
  add constraint conversations_check check (
    check_conversation(
      id, scope, is_default, title, title_source, last_seq, cleared_seq, purged_seq, deleted_count, elsewhere_count
    )
  ) not valid;

alter table messages
  drop constraint messages_seq,
  drop constraint messages_id,
  drop constraint messages_role,
  drop constraint messages_status,
  drop constraint messages_parts,
  drop constraint messages_not_empty,
  add constraint messages_check check (check_message(seq, id, role, status, parts)) not valid;
