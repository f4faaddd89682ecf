-- Returns a link as JSON, without its hash.
create function share_json(share shares) returns json
language plpgsql stable security definer set search_path from current as $$
begin
  return json_build_object(
    'id', share.id, 'conversation_id', share.conversation_id, 'message_id', share.last_message_id, 'name', share.name,
    'created_at', share.created_at, 'expires_at', share.expires_at
  );
end
$$;
