import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.BinData;
import de.bwaldvogel.mongo.bson.BsonTimestamp;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * mongo-java-server with what it lacks of MongoDB and a source of data needs: a login (SCRAM-SHA-256), the command hello, and the refusal of a
 * change stream that begins before the oplog does. Port, user and password come by the environment.
 */
public class Server extends MemoryBackend {
  static final int ITERATIONS = 4096;
  static final Set<String> FREE = Set.of("hello", "ismaster", "saslstart", "saslcontinue", "ping", "buildinfo", "endsessions");

  final long began = Instant.now().getEpochSecond();
  final String user = System.getenv("MONGO_USER");
  final byte[] salt = new byte[16];
  final byte[] saltedPassword;
  final Map<Channel, String> conversations = new ConcurrentHashMap<>();
  final Set<Channel> known = ConcurrentHashMap.newKeySet();

  Server(String password) throws GeneralSecurityException {
    new SecureRandom().nextBytes(salt);
    var spec = new PBEKeySpec(password.toCharArray(), salt, ITERATIONS, 256);
    saltedPassword = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
  }

  public static void main(String[] args) throws Exception {
    var server = new MongoServer(new Server(System.getenv("MONGO_PASSWORD")));
    server.enableOplog();
    server.bind("127.0.0.1", Integer.parseInt(System.getenv("MONGO_PORT")));
    System.out.println("ready");
    Thread.currentThread().join();
  }

  @Override
  public Document handleCommand(Channel channel, String database, String command, Document query) {
    var name = command.toLowerCase();
    if (!FREE.contains(name) && !known.contains(channel))
      throw new MongoServerError(13, "Unauthorized", "Command " + command + " requires authentication");
    switch (name) {
      case "hello", "ismaster":
        var answer = super.handleCommand(channel, database, "ismaster", query);
        answer.put("isWritablePrimary", true);
        answer.put("helloOk", true);
        answer.put("saslSupportedMechs", List.of("SCRAM-SHA-256"));
        return answer;
      case "saslstart":
        return begin(channel, text(query));
      case "saslcontinue":
        return end(channel, text(query));
      case "aggregate":
        refuseLostPosition(query);
    }
    return mended(super.handleCommand(channel, database, command, query));
  }

  /**
   * Of an update it tells the change as the document's key, and of a document that is gone the change as the document. Of an answer without
   * changes it does not tell the token: that of the last second but one, since this second may bring more.
   */
  Document mended(Document answer) {
    if (!(answer.get("cursor") instanceof Document cursor)) return answer;
    for (var name : List.of("firstBatch", "nextBatch"))
      if (cursor.get(name) instanceof Collection<?> batch) {
        var second = Instant.now().getEpochSecond() - 1;
        var token = second > began ? second << 32 | 0xffffffffL : began << 32;
        if (batch.isEmpty()) cursor.put("postBatchResumeToken", new Document("_data", String.format("%016x", token)));
        for (var found : batch)
          if (found instanceof Document event && "update".equals(event.get("operationType"))) {
            var whole = event.get("fullDocument") instanceof Document document && document.containsKey("_id") ? document : null;
            event.put("fullDocument", whole);
            event.put("documentKey", whole == null ? new Document() : new Document("_id", whole.get("_id")));
          }
      }
    return answer;
  }

  @Override
  public void handleClose(Channel channel) {
    known.remove(channel);
    conversations.remove(channel);
    super.handleClose(channel);
  }

  Document begin(Channel channel, String first) {
    var bare = first.substring("n,,".length());
    if (!bare.startsWith("n=" + user + ",r=")) throw refused();
    var nonce = bare.substring(bare.indexOf(",r=") + 3) + Base64.getEncoder().encodeToString(bytes(18));
    var reply = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(salt) + ",i=" + ITERATIONS;
    conversations.put(channel, bare + "," + reply + ",");
    return answer(reply, false);
  }

  Document end(Channel channel, String last) {
    try {
      var proof = last.indexOf(",p=");
      var message = conversations.remove(channel) + last.substring(0, proof);
      var clientKey = hmac(saltedPassword, "Client Key");
      var storedKey = MessageDigest.getInstance("SHA-256").digest(clientKey);
      var signature = hmac(storedKey, message);
      for (int i = 0; i < signature.length; i++) signature[i] ^= clientKey[i];
      if (!MessageDigest.isEqual(signature, Base64.getDecoder().decode(last.substring(proof + 3)))) throw refused();
      known.add(channel);
      return answer("v=" + Base64.getEncoder().encodeToString(hmac(hmac(saltedPassword, "Server Key"), message)), true);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  /** The oplog is in memory, so it begins when the server does. */
  void refuseLostPosition(Document query) {
    if (!(query.get("pipeline") instanceof List<?> stages) || stages.isEmpty()) return;
    if (!(stages.iterator().next() instanceof Document stage) || !(stage.get("$changeStream") instanceof Document from)) return;
    var seconds = Long.MAX_VALUE;
    if (from.get("startAtOperationTime") instanceof BsonTimestamp time) seconds = time.getTime();
    for (var name : List.of("resumeAfter", "startAfter"))
      if (from.get(name) instanceof Document token) seconds = Long.parseUnsignedLong((String) token.get("_data"), 16) >>> 32;
    if (seconds < began)
      throw new MongoServerError(286, "ChangeStreamHistoryLost",
        "Resume of change stream was not possible, as the resume point may no longer be in the oplog.");
  }

  static Document answer(String payload, boolean done) {
    var document = new Document("conversationId", 1);
    document.put("done", done);
    document.put("payload", new BinData(payload.getBytes(StandardCharsets.UTF_8)));
    document.put("ok", 1.0);
    return document;
  }

  static String text(Document query) {
    var payload = query.get("payload");
    return new String(payload instanceof BinData data ? data.getData() : (byte[]) payload, StandardCharsets.UTF_8);
  }

  static MongoServerError refused() {
    return new MongoServerError(18, "AuthenticationFailed", "Authentication failed.");
  }

  static byte[] bytes(int count) {
    var made = new byte[count];
    new SecureRandom().nextBytes(made);
    return made;
  }

  static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }
}
