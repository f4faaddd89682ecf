-- Gets or creates a conversation. The unique keys decide which of several concurrent calls creates it. `id` is the id
-- of a new conversation; with `by_id` it is also the one to look for. Without `by_id`: the scope's default, or a new
-- one without a scope. `reuse_latest` returns the most recently active one first. An owner has at most `most`
-- conversations that are not deleted. With `hide_others`, an id of another owner counts as free; without it, it is
-- refused. `created_at` is that of a conversation that was begun elsewhere; see imported_no.
-- With `expires_after` it is temporary: no default, in no list and no counter.
create function create_conversation(
  owner uuid,
  owner_kind text,
  id text,
  by_id boolean,
  scope text,
  scope_label text,
  title text,
  metadata json,
  tags text[],
  created_at timestamp with time zone,
  expires_after interval,
  reuse_latest boolean,
  most bigint,
  hide_others boolean
) returns table (created boolean, conversation json)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_variable
declare
  c conversations;
  too_many boolean;
begin
  perform set_config('chatkeep.owner', owner::text, true);
  insert into owners (id, kind) values (owner, owner_kind) on conflict do nothing;
  update owners o set active_at = clock_timestamp()
  where o.id = owner and o.active_at < clock_timestamp() - interval '1 day';

  if by_id then
    select * into c from conversations k where k.owner_id = owner and k.id = create_conversation.id;
    if found and c.deleted_at is not null then
      raise exception 'conflict' using errcode = 'CK000', detail = 'A conversation with this id was deleted. Use another id.';
    elsif found then
      return query select false, conversation_json(owner, c.id);
      return;
    elsif not hide_others and conversation_exists(id) then
      -- Another owner's, or the owner's own that a concurrent call has just made.
      select * into c from conversations k where k.owner_id = owner and k.id = create_conversation.id;
      if not found then
        raise exception 'forbidden' using errcode = 'CK000';
      end if;
      return query select false, conversation_json(owner, c.id);
      return;
    end if;
  elsif reuse_latest then
    -- One call at a time: two concurrent calls would both find none.
    perform 1 from owners o where o.id = owner for no key update;
    if scope is null then
      select * into c from conversations k
      where k.owner_id = owner and k.deleted_at is null and k.expires_at is null and not k.archived
      order by k.active_no desc limit 1;
    else
      select * into c from conversations k
      where k.owner_id = owner and k.scope = create_conversation.scope and k.deleted_at is null
        and k.expires_at is null and not k.archived
      order by k.active_no desc limit 1;
    end if;
    if found then
      -- A repeat of this call after a lost connection: the first call made it.
      return query select c.id = id, conversation_json(owner, c.id);
      return;
    end if;
  end if;

  insert into conversations (
    owner_id, id, scope, scope_label, is_default, title, title_source, metadata, tags, active_no, created_at, updated_at,
    expires_at
  ) values (
    owner, id, scope, scope_label, scope is not null and not by_id and expires_after is null,
    title, case when title is not null then 'person' end, metadata, tags,
    case when created_at is null then nextval('activity') else imported_no(created_at) end,
    coalesce(created_at, clock_timestamp()), coalesce(created_at, clock_timestamp()), clock_timestamp() + expires_after
  )
  on conflict do nothing
  returning * into c;
  if found and c.expires_at is not null then
    return query select true, conversation_json(owner, c.id);
    return;
  elsif found then
    update owners o set conversation_count = o.conversation_count + 1 where o.id = owner
    returning o.conversation_count + o.archived_count > most into too_many;
    if too_many then
      raise exception 'conflict' using errcode = 'CK000', detail = format(
        'There are %s conversations already, and no more are kept for one person. Delete one first.', most
      );
    end if;
    return query select true, conversation_json(owner, c.id);
    return;
  end if;

  select * into c from conversations k where k.owner_id = owner and k.id = create_conversation.id;
  if found then
    -- A concurrent call made it or, without an id, the first try of this call before its connection was lost.
    return query select not by_id, conversation_json(owner, c.id);
    return;
  end if;
  select * into strict c from conversations k
  where k.owner_id = owner and k.scope = create_conversation.scope and k.is_default and k.deleted_at is null;
  return query select false, conversation_json(owner, c.id);
end
$$;
